import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { acceptTimeoutS, type DialectGround, dialectGround, readyTimeoutS } from './dialect-ground.ts'
import type { DocumentMatch } from './document-client.ts'

describe('matches in the match server dialect', () => {
  let ground: DialectGround
  beforeAll(async () => {
    ground = await dialectGround()
  })
  afterEach(() => ground.clear())
  afterAll(() => ground[Symbol.asyncDispose]())

  describe('a match', () => {
    it('goes from C0 and S0 to C3 and S2 and back, and moves ratings once', async () => {
      const ms = await ground.offered()
      const [ann, bob] = await ground.two()
      expect([ann.state(), ms.state()]).toEqual(['C0', 'S0'])

      expect(await ann.look('arena')).toBe('LookingForMatch')
      expect(await ann.look('arena')).toBe('LookingForMatch')
      expect(ann.state()).toBe('C1')
      expect(await bob.look('arena')).toBe('LookingForMatch')
      const found = await ann.lookUntil(['MatchFound'], ['arena'])
      expect(found).toMatchObject({ players: 2, accepted: 0, youAccepted: false, matchId: expect.any(String) })
      expect(await ann.say({ type: 'AcceptMatch' })).toBe('MatchFound')
      expect(await ann.say({ type: 'AcceptMatch' })).toBe('MatchFound')
      expect(ms.prepared).toEqual([])

      const [forBob, forAnn] = [await bob.confirm('arena'), await ann.confirm('arena')]
      expect([ann.state(), ms.state()]).toEqual(['C2', 'S1'])
      const { ticket: annsTicket, ...match } = forAnn
      const { ticket: bobsTicket, ...bobsMatch } = forBob
      expect(bobsMatch).toEqual(match)
      expect(annsTicket).not.toBe(bobsTicket)
      expect(match).toMatchObject({ type: 'MatchConfig', address: ms.address, matchId: found.matchId })
      expect([...match.nicknames].sort()).toEqual([ann.username, bob.username].sort())
      expect([...match.factions].sort()).toEqual(['0', '1'])
      expect(await ann.look('arena')).toBe('MatchConfirmed')
      expect(await ann.say({ type: 'RevokeFromMatch' })).toBe('409 ALREADY_PLAYING')
      expect(await ann.say({ type: 'DeclineMatch' })).toBe('409 MATCH_EXPIRED')

      const [order] = ms.prepared
      expect(order).toMatchObject({ type: 'PrepareMatch', matchConfig: match })
      const cookies = order?.clientCookies as { nickname: string; ticket: string }[]
      expect(cookies.find(({ nickname }) => nickname === ann.username)?.ticket).toBe(annsTicket)
      expect(cookies.map(({ ticket }) => ticket).sort()).toEqual([annsTicket, bobsTicket].sort())
      expect(JSON.stringify(order)).not.toContain(ann.cookie()?.split('=')[1])

      const stranger = await ann.enter({ ...forAnn, ticket: 'A'.repeat(43) })
      expect(await stranger.closed).toBe(1008)
      const lines = [await ann.enter(forAnn), await bob.enter(forBob, false)]
      expect(ms.state()).toBe('S1')
      lines[1]?.send({ type: 'LoadMatchComplete' })
      for (const line of lines) await line.until('MatchStarting')
      expect([ann.state(), bob.state(), ms.state()]).toEqual(['C3', 'C3', 'S2'])

      const done = await ms.complete()
      expect(done.body).toMatchObject({ type: 'MatchComplete', MatchData: { matchId: match.matchId } })
      for (const line of lines) await line.closed
      expect([ann.state(), bob.state(), ms.state()]).toEqual(['C0', 'C0', 'S0'])
      const [first = '', second = ''] = match.nicknames
      const [won, lost] = [await ground.ratingOf(first), await ground.ratingOf(second)]
      expect(won).toBeGreaterThan(lost as number)

      const data = {
        matchId: match.matchId,
        teams: match.players.map((player, at) => ({ players: [player], rank: at + 1 })),
      }
      const again = await ms.ask({ type: 'MatchComplete', MatchData: data })
      expect([again.status, again.body]).toEqual([200, done.body])
      const other = { ...data, teams: data.teams.map(({ players }) => ({ players, rank: 1 })) }
      expect(await ms.say({ type: 'MatchComplete', MatchData: other })).toBe('409 RESULT_CONFLICT')
      expect([await ground.ratingOf(first), await ground.ratingOf(second)]).toEqual([won, lost])
      await eventually('ann hears how it ended', async () => {
        return (await ann.say({ type: 'AcceptMatch' })) === 'MatchComplete'
      })
    })

    it('needs no accepting where the queue asks nobody: MatchFound comes with its MatchConfig', async () => {
      const ms = await ground.offered()
      const [ann, bob] = await ground.two()
      await ann.look('blitz')
      await bob.look('blitz')
      const [forAnn, forBob] = await Promise.all([ann, bob].map((each) => each.lookUntil(['MatchFound'], ['blitz'])))
      expect(forAnn).toMatchObject({ matchConfig: { address: ms.address, ticket: expect.any(String) } })
      expect(forBob?.matchConfig).toMatchObject({ matchId: forAnn?.matchId })
      expect(await ann.say({ type: 'AcceptMatch' })).toBe('MatchFound')
      expect((await ms.complete()).status).toBe(200)
    })

    it('starts when the timer runs out, and ends without a result where the server says so', async () => {
      const ms = await ground.offered({ loadMs: 300 })
      const [ann, bob] = await ground.two()
      const [forAnn] = await ground.confirmTogether([ann, bob])
      const line = await ann.enter(forAnn)
      await line.until('MatchStarting')
      const { matchId } = forAnn
      const ended = await ms.complete({ matchId, abandoned: 'One of two came.' })
      expect(ended.body).toMatchObject({ type: 'MatchComplete', MatchData: { abandoned: 'One of two came.' } })
      expect(
        (await ms.ask({ type: 'MatchComplete', MatchData: { matchId, abandoned: 'One of two came.' } })).status,
      ).toBe(200)
      const late = { matchId, teams: [{ players: forAnn.players, rank: 1 }] }
      expect(await ms.say({ type: 'MatchComplete', MatchData: late })).toBe('409 SESSION_ENDED')
      expect(await ground.ratingOf(ann.username)).toBeNull()
      expect(await ann.look('arena')).toBe('LookingForMatch')
      expect(await ann.say({ type: 'RevokeFromMatch' })).toBe('RevokedFromMatch')
    })

    it('lets a client whose line dropped come back by the same ticket, in place of the old line', async () => {
      const ms = await ground.offered()
      const [ann, bob] = await ground.two()
      const [forAnn, forBob] = await ground.confirmTogether([ann, bob])
      const lines = [await ann.enter(forAnn), await bob.enter(forBob)]
      for (const line of lines) await line.until('MatchStarting')
      const back = (await ann.lookUntil(['MatchConfirmed'], ['arena'])).matchConfig
      expect(back).toEqual(forAnn)
      const second = await ann.enter(back as DocumentMatch)
      await second.until('MatchStarting')
      expect(await lines[0]?.closed).toBe(4409)
      second.close()
      await second.closed
      expect((await ms.complete()).status).toBe(200)
    })
  })

  describe('a match that comes to nothing', () => {
    it('is declined: who declined is out, the other is back at the front', async () => {
      const [ann, bob] = await ground.two()
      await ground.foundTogether([ann, bob])
      expect(await ann.say({ type: 'AcceptMatch', matchId: 'match_0' })).toBe('404 MATCH_NOT_FOUND')
      expect(await ann.say({ type: 'AcceptMatch' })).toBe('MatchFound')
      expect(await bob.say({ type: 'DeclineMatch' })).toBe('MatchDeclined')
      expect(await bob.say({ type: 'DeclineMatch' })).toBe('MatchDeclined')
      expect(await bob.say({ type: 'AcceptMatch' })).toBe('409 MATCH_EXPIRED')
      expect(await ann.say({ type: 'AcceptMatch' })).toBe('409 MATCH_EXPIRED')
      expect((await ann.ask({ type: 'LookForMatch', modes: ['arena'] })).body).toEqual({
        type: 'LookingForMatch',
        reason: 'declined',
      })
      expect(await ann.say({ type: 'RevokeFromMatch' })).toBe('RevokedFromMatch')
      expect(await ann.say({ type: 'RevokeFromMatch' })).toBe('RevokedFromMatch')
    })

    it('expires where somebody says nothing', async () => {
      const [ann, bob] = await ground.two()
      await ground.foundTogether([ann, bob])
      expect(await ann.say({ type: 'AcceptMatch' })).toBe('MatchFound')
      const back = await ann.lookUntil(['LookingForMatch'], ['arena'], acceptTimeoutS * 1_000 + 5_000)
      expect(back.reason).toBe('no_answer')
      expect(await bob.say({ type: 'AcceptMatch' })).toBe('409 MATCH_EXPIRED')
      expect(await bob.say({ type: 'RevokeFromMatch' })).toBe('404 ENTRY_NOT_FOUND')
    })

    it('is left by RevokeFromMatch, which declines it', async () => {
      const [ann, bob] = await ground.two()
      expect(await ann.say({ type: 'RevokeFromMatch' })).toBe('404 ENTRY_NOT_FOUND')
      await ground.foundTogether([ann, bob])
      expect(await ann.say({ type: 'RevokeFromMatch' })).toBe('RevokedFromMatch')
      await bob.lookUntil(['LookingForMatch'], ['arena'])
      expect(await bob.look('blitz')).toBe('409 ALREADY_SEARCHING')
    })

    it.each(['says nothing', 'declines', 'breaks down'] as const)(
      'is taken from a server that %s; the players come first at the next',
      async (how) => {
        const bad = await ground.offered()
        bad.meet(how)
        const [ann, bob] = await ground.two()
        await ground.foundTogether([ann, bob])
        await ground.acceptAll([ann, bob])
        const back = await ann.lookUntil(['LookingForMatch'], ['arena'], (readyTimeoutS + 5) * 1_000)
        expect(back.reason).toBe('server_not_ready')
        const asked = bad.prepared.map(({ matchConfig }) => (matchConfig as { matchId: string }).matchId)
        expect(new Set(asked).size).toBe(1)
        if (how === 'declines') expect(asked).toHaveLength(1)
        else expect(asked.length).toBeGreaterThan(2)

        // Its offer is gone, so the next match goes elsewhere.
        const good = await ground.offered()
        const matches = await Promise.all([ann.confirm('arena'), bob.confirm('arena')])
        expect(matches.map(({ address }) => address)).toEqual([good.address, good.address])
        expect((await good.complete()).status).toBe(200)
      },
    )
  })

  describe('when something dies', () => {
    it('frees the players of a match whose server is gone', async () => {
      const ms = await ground.offered()
      const [ann, bob] = await ground.two()
      const [forAnn, forBob] = await ground.confirmTogether([ann, bob])
      const lines = [await ann.enter(forAnn), await bob.enter(forBob)]
      for (const line of lines) await line.until('MatchStarting')
      await ms.die()
      for (const line of lines) await line.closed
      const over = await eventually('the match is abandoned', async () => {
        const { body } = await ann.ask({ type: 'AcceptMatch' })
        return body.type === 'MatchComplete' && body
      })
      expect(over).toMatchObject({ MatchData: { abandoned: 'server_lost' } })
      expect(await ann.look('arena')).toBe('LookingForMatch')
      expect(await ann.say({ type: 'RevokeFromMatch' })).toBe('RevokedFromMatch')
    })

    it('goes on where it was when Muster is killed: offers, a match to prepare, a match that runs', async () => {
      const [one, other] = [await ground.offered(), await ground.offered()]
      const [ann, bob] = await ground.two()
      const [forAnn] = await ground.confirmTogether([ann, bob])
      const [playing, waiting] = forAnn.address === one.address ? [one, other] : [other, one]

      const [cid, dan] = await ground.two()
      waiting.meet('says nothing')
      await ground.foundTogether([cid, dan])
      await ground.acceptAll([cid, dan])
      await eventually('it is asked', async () => waiting.prepared.length > 0)
      await ground.killAndStart(() => waiting.meet('prepares'))

      const again = await cid.lookUntil(['MatchConfirmed'], ['arena'])
      expect(again.matchConfig).toMatchObject({ address: waiting.address })
      const asked = waiting.prepared.map(({ matchConfig }) => (matchConfig as { matchId: string }).matchId)
      expect(new Set(asked).size).toBe(1)
      expect((await playing.complete()).body).toMatchObject({ MatchData: { matchId: forAnn.matchId } })
      expect((await waiting.complete()).status).toBe(200)
    })

    it('is offered again from the same address after a restart of the server', async () => {
      const first = await ground.offered()
      await first.die()
      await eventually('it is gone', async () => (await ground.stateOf(first.address)) === null)
      const second = await ground.stranger({ port: Number(first.address.split(':')[1]), username: first.username })
      expect(await second.login()).toBe('LoggedIn')
      expect(await second.offer()).toBe('MatchServerOffered')
      const [ann, bob] = await ground.two()
      await ann.look('blitz')
      await bob.look('blitz')
      expect(await ann.lookUntil(['MatchFound'], ['blitz'])).toMatchObject({ matchConfig: { address: second.address } })
      await second.complete()
    })
  })
})
