// What a cursor needs to know of the look of a language: comments, quotes, and what opens and
// closes a block. Enough to tell code from comments and strings line by line, without a parser.

export interface LanguageLook {
  lineComments: readonly string[];
  blockComments: readonly (readonly [start: string, end: string])[];
  /** The longest first. What is longer than one character, and a backtick, may span lines. */
  quotes: readonly string[];
  /** Of backticks: code stands in them between "${" and "}". */
  hasTemplates: boolean;
  /** A quote that begins a character only: 'a' is one and 'a is a lifetime. */
  hasLifetimes: boolean;
  /** Lines that begin with "#" are for the preprocessor, and indented as they like. */
  hasPreprocessor: boolean;
  /** The end of a line that opens a block without a bracket. */
  opensBlock?: RegExp;
  /** The start of a line that closes such a block, or goes on with another. */
  closesBlock?: RegExp;
}

/** Of a language id of VS Code. */
export function lookOf(languageId: string): LanguageLook {
  return looks.get(languageId) ?? cLike;
}

const cLike: LanguageLook = {
  lineComments: ['//'],
  blockComments: [['/*', '*/']],
  quotes: ['"', "'"],
  hasTemplates: false,
  hasLifetimes: false,
  hasPreprocessor: false,
};
const script: LanguageLook = { ...cLike, quotes: ['"', "'", '`'], hasTemplates: true };
const preprocessed: LanguageLook = { ...cLike, hasPreprocessor: true };
const hashed: LanguageLook = { ...cLike, lineComments: ['#'], blockComments: [] };
const dashed: LanguageLook = { ...cLike, lineComments: ['--'], blockComments: [] };
const prose: LanguageLook = { ...cLike, lineComments: [], blockComments: [], quotes: ['"'] };
const markup: LanguageLook = { ...prose, blockComments: [['<!--', '-->']] };
const python: LanguageLook = {
  ...hashed,
  quotes: ['"""', "'''", '"', "'"],
  // A colon ends annotations, slices and lambdas as well.
  opensBlock:
    /^\s*(?:[)\]}]|(?:async|case|class|def|elif|else|except|finally|for|func|if|match|proc|try|while|with)\b).*:$/,
  closesBlock: /^(?:elif|else|except|finally)\b/,
};

const wordOpener = /(?:^|\s)(?:begin|do|else|repeat|then)$|\bdo\s*\|[^|]*\|$/;

const looks = new Map<string, LanguageLook>(
  (
    [
      ['javascript javascriptreact typescript typescriptreact vue svelte', script],
      ['c cpp objective-c objective-cpp cuda-cpp csharp', preprocessed],
      ['java swift dart', { ...cLike, quotes: ['"""', '"', "'"] }],
      ['kotlin scala groovy', { ...cLike, quotes: ['"""', '"', "'"] }],
      ['go', { ...cLike, quotes: ['"', "'", '`'] }],
      ['rust', { ...cLike, hasLifetimes: true }],
      ['php', { ...cLike, lineComments: ['//', '#'] }],
      ['css', { ...cLike, lineComments: [] }],
      ['python starlark gdscript nim', python],
      ['toml', { ...hashed, quotes: python.quotes }],
      ['yaml dockercompose', { ...hashed, opensBlock: /:$/ }],
      ['perl r makefile dockerfile cmake powershell ignore properties', hashed],
      ['ruby julia elixir', { ...hashed, opensBlock: wordOpener, closesBlock: /^end\b/ }],
      [
        'shellscript',
        { ...hashed, opensBlock: wordOpener, closesBlock: /^(?:done|else|elif|esac|fi)\b/ },
      ],
      ['haskell elm', dashed],
      ['sql', { ...dashed, blockComments: cLike.blockComments }],
      [
        'lua',
        {
          ...dashed,
          blockComments: [['--[[', ']]']],
          opensBlock: /(?:^|\s)(?:do|else|repeat|then)$|\bfunction\b[^()]*\([^()]*\)$/,
          closesBlock: /^(?:else|elseif|end|until)\b/,
        },
      ],
      ['html xml markdown', markup],
      ['plaintext latex restructuredtext git-commit', prose],
    ] as const
  ).flatMap(([ids, look]) => ids.split(' ').map((id) => [id, look] as const)),
);
