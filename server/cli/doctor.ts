// leoam doctor: what is installed, what the machine has, what would be chosen and why. Runs
// also where something is missing: that is when it is needed.

import { homedir } from 'node:os';
import type { SystemInfo } from '../engine/addon.js';
import { devices, systemInfo } from '../engine/load.js';
import type { DeviceInfo } from '../engine/tierOptions.js';
import { chooseModel, hardware, listModels, isOffline } from '../models/index.js';
import { homeOf, type CommandFunction } from './common.js';
import { formatBytes } from './output.js';

type EngineState =
  | ({ ok: true; devices: DeviceInfo[] } & SystemInfo)
  | { ok: false; reason: string };

export const doctorCommand: CommandFunction = async ({ line, output }) => {
  const home = homeOf(line);
  const machine = await hardware(home);
  const engine = engineState();
  const models = await listModels(home);
  const choice = chooseModel(machine);
  const present = models.filter(({ state }) => state === 'present');
  const chosenIsPresent = present.some(({ model }) => model.id === choice.model.id);

  output.json({
    ok: engine.ok,
    node: process.version,
    home,
    offline: isOffline(),
    machine,
    engine,
    device: 'cpu',
    models: present.map(({ model, path, bytesOnDisk }) => ({ id: model.id, path, bytesOnDisk })),
    choice: { id: choice.model.id, reason: choice.reason, present: chosenIsPresent },
  });
  output.text(
    [
      `node       ${process.version} on ${machine.platform} ${machine.architecture}`,
      `processor  ${machine.cpu}, ${machine.processors} in use`,
      `memory     ${formatBytes(machine.memoryFreeBytes)} free of ${formatBytes(machine.memoryBytes)}`,
      `disk       ${formatBytes(machine.diskFreeBytes)} free for ${home.replace(homedir(), '~')}`,
      ...engineLines(engine),
      `models     ${present.map(({ model }) => model.id).join(', ') || 'none'}`,
      `choice     ${choice.model.id}${chosenIsPresent ? '' : ' (would be fetched)'}: ${choice.reason}`,
      ...(isOffline() ? ['network    off (LEOAM_OFFLINE): nothing is fetched'] : []),
      '',
    ].join('\n'),
  );
  return engine.ok ? 0 : 1;
};

function engineState(): EngineState {
  try {
    return { ok: true, ...systemInfo(), devices: devices() };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

function engineLines(engine: EngineState): string[] {
  if (!engine.ok) {
    return [`engine     ${engine.reason}`];
  }
  return [
    `engine     ${engine.cpuVariant}, attention kernel ${engine.attentionKernel}, ${engine.logicalCores} logical cores, KV version ${engine.kvVersion}`,
    `features   ${engine.cpuFeatures.join(' ')}`,
    'device     CPU',
    ...engine.devices.map(
      ({ name, description, freeBytes, totalBytes }) =>
        `GPU        ${name} (${description}), ${formatBytes(freeBytes)} free of ${formatBytes(totalBytes)}: for --device-memory`,
    ),
  ];
}
