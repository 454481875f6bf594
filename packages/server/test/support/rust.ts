import { join } from 'node:path'
import { repository } from './muster-process.ts'

/** A program of the Cargo workspace, as `rust-setup.ts` has built it. */
export const rustProgram = (name: string): string =>
  join(process.env.CARGO_TARGET_DIR ?? join(repository, 'target'), 'debug', name)
