import { afterEach, beforeEach, describe } from 'vitest'
import { sessionCourseSuite } from './store-course-suite.ts'
import { handsOf, type SessionStoreGround } from './store-ground-suite.ts'
import { sessionLooksSuite } from './store-looks-suite.ts'
import { sessionRacesSuite } from './store-races-suite.ts'
import { sessionSeatsSuite } from './store-seats-suite.ts'

/** What every store of sessions keeps to, whatever it is made of. */
export function sessionStoreSuite(name: string, open: () => Promise<SessionStoreGround>): void {
  describe(`session store: ${name}`, () => {
    let ground: SessionStoreGround
    beforeEach(async () => {
      ground = await open()
    })
    afterEach(() => ground[Symbol.asyncDispose]())
    const hands = handsOf(() => ground)

    sessionCourseSuite(hands)
    sessionSeatsSuite(hands)
    sessionLooksSuite(hands)
    sessionRacesSuite(hands)
  })
}
