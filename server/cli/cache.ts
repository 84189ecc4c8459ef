import type { CommandFunction } from './common.js';
export const cacheCommand: CommandFunction = async () => 1;
