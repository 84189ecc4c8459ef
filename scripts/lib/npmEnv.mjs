// The environment for an npm that runs inside another npm's script.

/**
 * This process's environment without the variables by which the outer npm would make the
 * inner one act on the outer package.
 * @returns {NodeJS.ProcessEnv}
 */
export function cleanNpmEnv() {
  const env = { ...process.env };
  for (const name of [
    'npm_config_local_prefix',
    'npm_config_prefix',
    'npm_package_json',
    'INIT_CWD',
  ]) {
    delete env[name];
  }
  return env;
}
