// What the end-to-end tests are given by `npm test`: the packed extension, code-server, a
// browser, a small model. Where one is missing they are skipped.

export interface Environment {
  /** The packed extension. */
  vsix: string;
  /** Folder of the package `code-server`. */
  codeServer: string;
  /** Path of a Chromium-based browser. */
  chromium: string;
  /** A small GGUF model. */
  model: string;
  /** The default model: it can fill in, and answers better. */
  defaultModel: string;
}

const variables = {
  vsix: 'LEOAM_TEST_VSIX',
  codeServer: 'LEOAM_TEST_CODE_SERVER',
  chromium: 'LEOAM_TEST_CHROMIUM',
  model: 'LEOAM_TEST_MODEL_LLAMA',
  defaultModel: 'LEOAM_TEST_MODEL_QWEN2',
} as const;

/** Skips the running suite or test, and says why, where something is missing. */
export function environmentOrSkip(context: Mocha.Context): Environment {
  const missing = Object.values(variables).filter((name) => !process.env[name]);
  if (missing.length > 0) {
    console.log(`skipped: ${missing.join(', ')} not set`);
    context.skip();
  }
  const value = (name: string): string => process.env[name] ?? '';
  return {
    vsix: value(variables.vsix),
    codeServer: value(variables.codeServer),
    chromium: value(variables.chromium),
    model: value(variables.model),
    defaultModel: value(variables.defaultModel),
  };
}
