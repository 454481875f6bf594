import { rm } from 'node:fs/promises'
import { pidsSaying } from '../../src/platform/embedded-postgres/processes.ts'
import { eventually } from './child-muster.ts'

/** Removes a test's folder once no server writes there any more: one whose Muster was killed takes a moment to end. */
export async function removeFolder(folder: string): Promise<void> {
  await eventually(() => pidsSaying(`muster.cluster=${folder}/`).length === 0)
  await rm(folder, { recursive: true, force: true })
}
