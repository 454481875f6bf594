import type { WindowRule } from './rules.ts'

/** How far an entry reaches to either side after waiting: one step of growth for every whole step of time. */
export function reachAfter(waitMs: number, initial: number, window: Required<WindowRule>): number {
  const steps = Math.floor(Math.max(0, waitMs) / (window.stepS * 1000))
  return Math.min(window.max, initial + window.perSecond * window.stepS * steps)
}

/** When the window next grows, or null when it never will. */
export function nextWideningMs(
  sinceMs: number,
  nowMs: number,
  initial: number,
  window: Required<WindowRule>,
): number | null {
  const waitMs = Math.max(0, nowMs - sinceMs)
  if (window.perSecond === 0 || reachAfter(waitMs, initial, window) >= window.max) return null
  const stepMs = window.stepS * 1000
  return sinceMs + (Math.floor(waitMs / stepMs) + 1) * stepMs
}
