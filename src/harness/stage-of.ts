/** Stages of stubs by image: the memory of a whole kernel is laid out once, and every target in it runs on the same machine. */
import type { Image } from '../image/image.js';
import { type EngineOptions, Stage } from '../stage/stage.js';
import { externalModel } from '../world/externals.js';
import type { Code } from './code.js';

const STAGES = new WeakMap<Image, Stage>();

/**
 * The stage of an image, with its memory laid out and the checkpoint set.
 *
 * @throws ImageError if the image cannot lie in memory beside the caller's side
 */
export function stageOf(code: Code, engine?: EngineOptions): Stage {
  const own = !isShared(code) || engine?.engine !== undefined;
  const known = own ? undefined : STAGES.get(code.image);
  if (known !== undefined) return known;
  const { image, entry } = code;
  const stage = new Stage(image, { memory: 'block', entry, ...(engine !== undefined && { engine }) });
  if (!own) STAGES.set(image, stage);
  return stage;
}

/** Whether a target may run on a stage that other targets of its image use: one that never returns by its name must run, and not end where it begins. */
export function isShared({ symbol }: Code): boolean {
  return externalModel(symbol).kind !== 'noreturn';
}
