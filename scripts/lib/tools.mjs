// The programs that must be on the machine. A missing one is one sentence that names the
// package to install.
import { capture, UserError } from './run.mjs';

const hints = {
  git: {
    debian: 'git',
    fedora: 'git',
    macos: 'xcode-select --install',
    windows: 'winget install Git.Git',
  },
  cmake: {
    debian: 'cmake',
    fedora: 'cmake',
    macos: 'brew install cmake',
    windows: 'winget install Kitware.CMake',
  },
  'a C++20 compiler': {
    debian: 'g++',
    fedora: 'gcc-c++',
    macos: 'xcode-select --install',
    windows: 'winget install Microsoft.VisualStudio.2022.BuildTools (with the C++ workload)',
  },
};

/** @typedef {{ cmake: string, compiler: string, ninja: boolean }} Tools versions, as printed */

/** @type {Tools | undefined} */
let found;

/**
 * Checks everything that a native build needs.
 * @returns {Tools}
 */
export function requireBuildTools() {
  return (found ??= findBuildTools());
}

/** @returns {Tools} */
function findBuildTools() {
  need('git', capture('git', ['--version']));
  const cmake = need('cmake', firstLine(capture('cmake', ['--version'])));
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(cmake)?.slice(1) ?? []).map(Number);
  if (major < 3 || (major === 3 && minor < 21)) {
    throw new UserError(
      `${cmake} is too old: version 3.21 or newer is needed; ${install('cmake')}.`,
    );
  }
  return {
    cmake,
    compiler: process.platform === 'win32' ? 'msvc' : need('a C++20 compiler', compilerVersion()),
    ninja: capture('ninja', ['--version']) !== undefined,
  };
}

/**
 * CMake's arguments that choose the generator: Ninja where it is present.
 * @param {boolean} ninja
 */
export function generatorArgs(ninja) {
  return ninja && process.platform !== 'win32' ? ['-G', 'Ninja'] : [];
}

function compilerVersion() {
  const names = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++'];
  for (const name of names) {
    const version = firstLine(capture(name, ['--version']));
    if (version) return version;
  }
  return undefined;
}

/** @param {string | undefined} text */
function firstLine(text) {
  return text?.split('\n')[0]?.trim();
}

/**
 * @param {keyof typeof hints} tool
 * @param {string | undefined} version
 */
function need(tool, version) {
  if (version) return version;
  throw new UserError(
    `${tool} was not found, and LeoAM builds its engine with it; ${install(tool)}.`,
  );
}

/** @param {keyof typeof hints} tool */
function install(tool) {
  const hint = hints[tool];
  if (process.platform === 'darwin') return `run "${hint.macos}"`;
  if (process.platform === 'win32') return `run "${hint.windows}"`;
  return `install the package "${hint.debian}" (Debian, Ubuntu: apt-get install ${hint.debian}; Fedora: dnf install ${hint.fedora})`;
}
