// Models: which there are, which fits this machine, and how its file gets here.

export {
  catalogue,
  findModel,
  type CatalogueModel,
  type FimTokens,
  type ModelSource,
} from './catalogue.js';
export { chooseModel, type ModelChoice } from './choice.js';
export { ModelError, type ModelErrorCode } from './errors.js';
export { fetchModel, isOffline, type FetchOptions, type FetchProgress } from './fetch.js';
export { freeDisk, hardware, type Hardware } from './hardware.js';
export { modelHash } from './hash.js';
export { homeFolder, modelPath, modelsFolder } from './home.js';
export {
  listModels,
  removeModel,
  resolveModel,
  verifyModel,
  type ListedModel,
  type ResolvedModel,
  type ResolveOptions,
} from './resolve.js';
