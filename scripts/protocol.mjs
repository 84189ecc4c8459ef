// Writes server/protocol/PROTOCOL.md from the messages in server/protocol/.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { compileTypeScript } from './build.mjs';
import { outFolder, root } from './lib/paths.mjs';
import { runMain } from './lib/run.mjs';

await runMain(async () => {
  await compileTypeScript();
  const compiled = pathToFileURL(join(outFolder, 'server', 'protocol', 'markdown.js'));
  const { protocolMarkdown } = await import(compiled.href);
  writeFileSync(join(root, 'server', 'protocol', 'PROTOCOL.md'), protocolMarkdown());
});
