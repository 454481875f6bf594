import type { Static } from 'typebox'
import Value from 'typebox/value'
import { privateOptions, type SessionModeOptions, type SessionsOptions, sessionModeOptions } from './config.ts'
import type { NetcodeRules } from './connect-tokens.ts'
import type { Timing } from './domain.ts'
import type { Graces } from './seats.ts'

/** What is configured, as the parts use it. */
export interface Rules {
  timingOf(mode: string): Timing
  gracesOf(mode: string): Graces
  ticketLifeMsOf(mode: string): number
  transportOf(mode: string): string
  /** Null where its servers take no connect tokens. */
  netcodeOf(mode: string): NetcodeRules | null
  hasMode(mode: string): boolean
  /** Nobody says who came: whoever waited for it would wait in vain. */
  startsWhenReady(mode: string): boolean
}

/** A mode that was taken out of the configuration while its sessions ran is carried on with the defaults. */
export function rulesOf(options: SessionsOptions, modes: Readonly<Record<string, SessionModeOptions>>): Rules {
  const fallback = Value.Default(sessionModeOptions, {}) as SessionModeOptions
  const privately = Value.Default(privateOptions, {}) as Static<typeof privateOptions>
  const known = new Map(Object.entries(modes))
  const modeOf = (mode: string) => known.get(mode) ?? fallback
  return {
    timingOf(name) {
      const mode = modeOf(name)
      return {
        allocateWaitMs: mode.allocateWaitS * 1_000,
        readyTimeoutMs: mode.readyTimeoutS * 1_000,
        loadingTimeoutMs: mode.loadingTimeoutS * 1_000,
        durationMaxMs: mode.durationMaxS * 1_000,
        lobbyMs: (mode.private ?? privately).lobbyS * 1_000,
        emptyMs: (mode.private ?? privately).emptyS * 1_000,
        playersMin: mode.playersMin ?? null,
      }
    },
    gracesOf: (name) => ({
      leaveGraceMs: modeOf(name).leaveGraceS * 1_000,
      clockSlackMs: options.clockSlackS * 1_000,
    }),
    ticketLifeMsOf: (name) => modeOf(name).ticketLifeS * 1_000,
    transportOf: (name) => modeOf(name).transport,
    netcodeOf(name) {
      const { netcode } = modeOf(name)
      if (netcode === undefined) return null
      const { dialect, protocolId, timeoutS, internalHost = null } = netcode
      return { dialect, protocolId: BigInt(protocolId), timeoutS, internalHost }
    },
    hasMode: (name) => known.has(name),
    startsWhenReady: (name) => modeOf(name).startsWhenReady ?? false,
  }
}
