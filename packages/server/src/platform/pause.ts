/** Resolves after `spanMs` in real time, and keeps the process alive until then: for programs, not for the server, whose
 *  time is the Clock's. */
export const pause = (spanMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, spanMs))
