import { bringUp, type Plan, takeDown, type Up } from './bring-up.ts'

/** A server that keeps ending is not going to get better by being started. */
const RESTARTS_MAX = 5
const RESTARTS_WITHIN_MS = 60_000

export interface Supervision {
  pid(): number
  ended: Promise<Error | undefined>
  stop(): Promise<void>
}

/** Starts the server, and starts it again whenever it ends without having been told to. */
export async function supervise(plan: Omit<Plan, 'isCancelled'>): Promise<Supervision> {
  let isStopping = false
  const cancellable = { ...plan, isCancelled: () => isStopping }
  let up = await bringUp(cancellable)
  const ended = watchOver()
  let stopped: Promise<void> | undefined

  async function watchOver(): Promise<Error | undefined> {
    let restartedAt: number[] = []
    for (;;) {
      await up.postmaster.exited
      up.watcher.release()
      if (isStopping) return undefined
      plan.log('PostgreSQL ended unasked; starting it again')
      const now = performance.now()
      restartedAt = [...restartedAt.filter((atMs) => atMs > now - RESTARTS_WITHIN_MS), now]
      if (restartedAt.length > RESTARTS_MAX) {
        return new Error(`PostgreSQL ended ${restartedAt.length} times within ${RESTARTS_WITHIN_MS / 1000} s.`)
      }
      const next = await bringUp(cancellable).catch((error: Error) => error)
      if (next instanceof Error) return isStopping ? undefined : next
      up = next
      // Stop was asked for while this one was just coming up.
      if (isStopping) await takeDown(up, plan.programs)
    }
  }

  async function stop(current: Up): Promise<void> {
    isStopping = true
    await takeDown(current, plan.programs)
    await ended
  }

  return {
    pid: () => up.postmaster.pid,
    ended,
    stop() {
      stopped ??= stop(up)
      return stopped
    },
  }
}
