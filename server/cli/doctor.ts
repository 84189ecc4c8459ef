import type { CommandFunction } from './common.js';
export const doctorCommand: CommandFunction = async () => 1;
