/** Resolves after `spanMs`, or when `signal` ends. */
export const pause = (spanMs: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, spanMs)
    signal?.addEventListener('abort', done)
    if (signal?.aborted) done()
  })

/** Stretched or shrunk by up to a quarter, so that a crowd does not come back in one instant. */
export const jittered = (spanMs: number): number => spanMs * (0.75 + Math.random() / 2)
