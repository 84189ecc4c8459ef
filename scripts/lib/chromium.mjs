// The browser that end-to-end tests drive: one that is on the machine, never one that is
// fetched.
import { isProgram, onPath } from './onPath.mjs';
import { UserError } from './run.mjs';

const names = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'microsoft-edge',
];

const macPrograms = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];

/**
 * Path of a Chromium-based browser: LEOAM_CHROMIUM, else one on PATH, else one of the usual
 * places of macOS.
 * @returns {string}
 */
export function findChromium() {
  const { LEOAM_CHROMIUM: named } = process.env;
  if (named) {
    if (isProgram(named)) return named;
    throw new UserError(`LEOAM_CHROMIUM names ${named}, which is no program.`);
  }
  const found =
    onPath(...names) ?? (process.platform === 'darwin' ? macPrograms.find(isProgram) : undefined);
  if (found) return found;
  throw new UserError(
    `no Chromium was found, and the end-to-end tests drive one; ${install()}, or name one in LEOAM_CHROMIUM.`,
  );
}

function install() {
  if (process.platform === 'darwin') return 'run "brew install --cask chromium"';
  if (process.platform === 'win32') return 'run "winget install Google.Chrome"';
  return 'install the package "chromium" (Debian: apt-get install chromium; Fedora: dnf install chromium)';
}
