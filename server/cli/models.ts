import type { CommandFunction } from './common.js';
export const modelsCommand: CommandFunction = async () => 1;
