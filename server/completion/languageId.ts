// VS Code's language id of a file, for whom no editor names it.

const ids: Record<string, string> = {
  c: 'c',
  cc: 'cpp',
  cpp: 'cpp',
  cs: 'csharp',
  css: 'css',
  cjs: 'javascript',
  go: 'go',
  h: 'c',
  hpp: 'cpp',
  html: 'html',
  java: 'java',
  js: 'javascript',
  json: 'json',
  jsx: 'javascriptreact',
  kt: 'kotlin',
  md: 'markdown',
  mjs: 'javascript',
  mts: 'typescript',
  php: 'php',
  py: 'python',
  rb: 'ruby',
  rs: 'rust',
  sh: 'shellscript',
  sql: 'sql',
  swift: 'swift',
  ts: 'typescript',
  tsx: 'typescriptreact',
  yaml: 'yaml',
  yml: 'yaml',
};

/** Such as a file of that language has; for cells of notebooks, whose file has another. */
export function pathOfLanguage(languageId: string): string {
  const [ending = ''] = Object.entries(ids).find(([, id]) => id === languageId) ?? [];
  return `cell.${ending}`;
}

/** `plaintext` for an ending that is not known. */
export function languageIdOf(path: string): string {
  const ending = /\.([^./]+)$/u.exec(path)?.[1];
  return ids[ending?.toLowerCase() ?? ''] ?? 'plaintext';
}
