// leoam models: which models there are, which lie on this machine, and what is known of them.

import { openAssistant } from '../assistant.js';
import {
  catalogue,
  chooseModel,
  fetchModel,
  findModel,
  hardware,
  listModels,
  removeModel,
  verifyModel,
  type CatalogueModel,
} from '../models/index.js';
import { writeModelProfile } from '../retrieval/modelProfile.js';
import { findRetrievalHeads } from '../retrieval/retrievalHeads.js';
import { stringOption, UsageError, type CommandLine } from './arguments.js';
import { homeOf, type CommandContext, type CommandFunction } from './common.js';
import { formatBytes, rounded } from './output.js';

const actions: Record<string, CommandFunction> = {
  list,
  fetch,
  verify,
  remove,
  profile,
};

export const modelsCommand: CommandFunction = (context) => {
  const [name = 'list', , ...more] = context.line.positionals;
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined || more.length > 0) {
    throw new UsageError(
      `"leoam models" takes one of ${Object.keys(actions).join(', ')}, and the id of a model.`,
    );
  }
  return action(context);
};

async function list({ line, output }: CommandContext): Promise<number> {
  const models = await listModels(homeOf(line));
  output.json({
    models: models.map(({ model, path, state, bytesOnDisk }) => ({
      id: model.id,
      name: model.name,
      state,
      path,
      bytes: model.bytes ?? null,
      bytesOnDisk,
      licence: model.licence,
      memoryBytes: model.memoryBytes,
      sha256: model.sha256,
    })),
  });
  for (const { model, state, bytesOnDisk } of models) {
    const size = bytesOnDisk > 0 ? bytesOnDisk : (model.bytes ?? 0);
    output.text(
      `${model.id.padEnd(38)} ${state.padEnd(8)} ${(size > 0 ? formatBytes(size) : '').padStart(9)}  ${model.licence}\n`,
    );
  }
  return 0;
}

async function fetch({ line, output, signal }: CommandContext): Promise<number> {
  const model = await namedModel(line);
  const path = await fetchModel({
    home: homeOf(line),
    model,
    signal,
    onProgress: (done, total, bytesPerSecond) => output.fetching(done, total, bytesPerSecond),
  });
  output.json({ id: model.id, path });
  output.text(`${path}\n`);
  return 0;
}

async function verify({ line, output }: CommandContext): Promise<number> {
  const model = await namedModel(line);
  const result = await verifyModel(homeOf(line), model.id, (done) =>
    output.progress(`Reading ${model.id}: ${formatBytes(done)}`),
  );
  output.json({ id: model.id, ...result, expected: model.sha256 });
  output.text(
    result.ok
      ? `${result.path} is whole.\n`
      : `${result.path} is damaged: its sha256 is ${result.sha256}, not ${model.sha256}. "leoam models fetch ${model.id}" fetches it again.\n`,
  );
  return result.ok ? 0 : 1;
}

async function remove({ line, output }: CommandContext): Promise<number> {
  const id = line.positionals[1];
  if (id === undefined) {
    throw new UsageError('"leoam models remove" takes the id of a model.');
  }
  const bytesFreed = await removeModel(homeOf(line), id);
  output.json({ id, bytesFreed });
  output.text(`Freed ${formatBytes(bytesFreed)}.\n`);
  return 0;
}

/** Finds the model's retrieval heads and keeps them; segments written from then on carry their keys. */
async function profile({ line, output, signal }: CommandContext): Promise<number> {
  const home = homeOf(line);
  const model = line.positionals[1] ?? stringOption(line, 'model');
  const assistant = await openAssistant({
    home,
    signal,
    ...(model === undefined ? {} : { model }),
  });
  try {
    output.progress('Asking the model which of its heads find evidence');
    const found = await findRetrievalHeads(assistant.engine, assistant.profile.header, signal);
    await writeModelProfile(home, assistant.engine.model.hash, found);
    output.json(rounded({ id: assistant.engine.model.id, ...found }));
    for (const { layer, head, meanReciprocalRank } of found.retrievalHeads) {
      output.text(`layer ${layer} head ${head}: ${meanReciprocalRank.toFixed(2)}\n`);
    }
    return 0;
  } finally {
    await assistant.dispose();
  }
}

async function namedModel(line: CommandLine): Promise<CatalogueModel> {
  const id = line.positionals[1] ?? stringOption(line, 'model');
  if (id === undefined) {
    return chooseModel(await hardware(homeOf(line))).model;
  }
  const model = findModel(id);
  if (model === undefined) {
    const ids = catalogue.map((known) => known.id).join(', ');
    throw new UsageError(`There is no model "${id}" in the catalogue; there are ${ids}.`);
  }
  return model;
}
