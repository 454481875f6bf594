import { composePlay } from './compose-play.ts'
import type { Config } from './config.ts'
import { createDialects, dialectsMigrations } from './modules/dialects/index.ts'
import { fleetMigrations, type Isolation } from './modules/fleet/index.ts'
import { gamesMigrations } from './modules/games/index.ts'
import { createIdentity, identityMigrations } from './modules/identity/index.ts'
import { matchmakingMigrations } from './modules/matchmaking/index.ts'
import { presenceMigrations } from './modules/presence/index.ts'
import { createProfiles, profilesMigrations } from './modules/profiles/index.ts'
import { resultsMigrations } from './modules/results/index.ts'
import { sessionsMigrations } from './modules/sessions/index.ts'
import { fingerprintMigrations } from './platform/fingerprint.ts'
import type { Ground } from './platform/ground.ts'
import type { Authenticators } from './platform/http/admission.ts'
import { createIdempotency, idempotencyMigrations } from './platform/http/idempotency.ts'
import { createLimits } from './platform/http/limits.ts'
import { idMint } from './platform/ids.ts'
import { createLeases, leaseMigrations } from './platform/lease.ts'
import type { Migrations } from './platform/postgres.ts'
import type { Wakes } from './platform/wakes.ts'

/** Every table there is, module by module. */
export const migrations: Migrations = {
  ...leaseMigrations,
  ...idempotencyMigrations,
  ...fingerprintMigrations,
  ...identityMigrations,
  ...presenceMigrations,
  ...fleetMigrations,
  ...sessionsMigrations,
  ...gamesMigrations,
  ...resultsMigrations,
  ...matchmakingMigrations,
  ...profilesMigrations,
  ...dialectsMigrations,
}

export interface Surroundings {
  wakes: Wakes
  /** This process among the nodes; a new one at every start. */
  instance: string
  /** Where launched servers reach this process. */
  apiUrl(): string
  environment: Readonly<Record<string, string | undefined>>
  /** How far launched servers are kept apart here. */
  isolation?: Isolation
}

/** The whole server, wired by hand. Each line may use only what stands above it. */
export function compose(ground: Ground, config: Config, around: Surroundings) {
  const { clock, random, db, soft, secrets, log, metrics, data } = ground
  const { wakes } = around
  const mintId = idMint(clock)
  const limits = createLimits(soft, clock.now)
  const leases = createLeases(db, clock)
  const idempotency = createIdempotency({ db, clock, random, log, secrets })
  const platform = { clock, random, mintId, db, soft, wakes, secrets, limits, leases, log, metrics }

  const identity = createIdentity(platform, config.identity)
  const { peopleOf } = identity
  const play = composePlay(platform, config, { ...around, node: data.node, dataDir: data.path, people: identity })
  const { presence, fleet, sessions, results, matchmaking, games } = play
  const dialects = createDialects(
    {
      ...platform,
      ...{ register: identity.register, signIn: identity.signIn, endLogin: identity.endLogin },
      ...{ callerOf: identity.callerOf, verifyAccess: identity.verifyAccess, serverAccounts: identity.serverAccounts },
      cookieLifeS: config.identity.refreshIdleS,
      ...{ queuesFor: (word) => queuesFor(config, word), matchmaking, leaveSession: sessions.leave },
      ...{ offered: fleet.offered, reportTokenOf: fleet.reportTokenOf, ticketKeyOf: fleet.ticketKeyOf },
      ...{ sessionsView: sessions.viewOf, reports: sessions.reports },
      ...{ acceptResult: results.accept, resultOf: results.resultOf },
    },
    config.dialects,
  )
  // In the order in which rows are locked everywhere.
  const keepers = {
    dialects: dialects.personal,
    matchmaking: matchmaking.personal,
    games: games.personal,
    sessions: sessions.personal,
    results: results.personal,
    presence: presence.personal,
    account: identity.personal,
  }
  const { rename, staleGuests } = identity
  const profiles = createProfiles({ ...platform, peopleOf, rename, staleGuests, keepers }, config.profiles)

  const modules = { identity, ...play, profiles, dialects }
  const authenticators: Authenticators = {
    ...identity.authenticators,
    ...fleet.authenticators,
    ...dialects.authenticators,
  }
  return { modules, authenticators, limits, idempotency, mintId }
}

export type Composition = ReturnType<typeof compose>
export type ModuleName = keyof Composition['modules']

/** A queue goes by its own name, or by its mode's. */
function queuesFor({ queues }: Config, word: string): string[] {
  if (Object.hasOwn(queues, word)) return [word]
  return Object.keys(queues).filter((name) => queues[name]?.mode === word)
}
