// Lint rules. The one that is LeoAM's own is the direction of imports: data flows from the
// extension through the protocol to the server and the engine, and a module knows only what
// lies below it (see ARCHITECTURE.md).
import js from '@eslint/js';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * The server's modules, lowest layer first. A module may import from lower layers, never from
 * its own or a higher one. What stands above all of them (assistant, cli, main) is free.
 */
const layers = [
  ['protocol', 'engine', 'models', 'workspace'],
  ['index'],
  ['prompt', 'retrieval'],
  ['chat', 'completion'],
];

const modules = layers.flat();

const serverZones = layers.flatMap((layer, level) =>
  layer.map((module) => {
    const below = layers.slice(0, level).flat();
    const foreign = modules.filter((name) => name !== module && !below.includes(name));
    return {
      target: `./server/${module}`,
      from: [
        ...foreign.map((name) => `./server/${name}`),
        './server/cli',
        './server/lsp',
        './server/cli.ts',
        './server/main.ts',
        './server/assistant.ts',
      ],
      message: `server/${module} may import only from below: ${below.join(', ') || 'nothing of the server'}.`,
    };
  }),
);

const zones = [
  ...serverZones,
  {
    target: './extension',
    from: './server',
    except: ['./protocol'],
    message: 'The extension knows the server by its protocol only.',
  },
  {
    target: './server',
    from: ['./extension', './test', './scripts'],
    message: 'The server knows nothing of editors, tests and scripts.',
  },
];

export default tseslint.config(
  { ignores: ['out/', 'dist/', 'build/', '**/node_modules/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    settings: {
      'import-x/resolver-next': [
        createNodeResolver({
          extensions: ['.ts', '.js'],
          extensionAlias: { '.js': ['.ts', '.js'] },
        }),
      ],
    },
    rules: {
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones }],
      'import-x/no-cycle': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Numbers in texts are what most of our messages are about.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // `() => undefined` and short arrows that return void read well.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // An index into what was just measured is not a mistake; noUncheckedIndexedAccess is on.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // An empty environment variable is as good as none.
      '@typescript-eslint/prefer-nullish-coalescing': [
        'error',
        { ignorePrimitives: { string: true } },
      ],
      // Functions that interfaces declare as methods are closures here: nothing to bind.
      '@typescript-eslint/unbound-method': 'off',
      // Names that come from outside may be written as what they are: keys.
      '@typescript-eslint/dot-notation': 'off',
      // A function may be async because its interface is.
      '@typescript-eslint/require-await': 'off',
      'no-control-regex': 'off',
    },
  },
  {
    files: ['server/cli.ts', 'server/cli/**/*.ts', 'test/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-floating-promises': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: {
        AbortSignal: 'readonly',
        Buffer: 'readonly',
        clearInterval: 'readonly',
        clearTimeout: 'readonly',
        console: 'readonly',
        fetch: 'readonly',
        module: 'writable',
        performance: 'readonly',
        process: 'readonly',
        require: 'readonly',
        setInterval: 'readonly',
        setTimeout: 'readonly',
        URL: 'readonly',
      },
    },
    rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_' }] },
  },
);
