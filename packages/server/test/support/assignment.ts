export interface Assigned {
  session_id: string
  report_token: string
}

const triesMax = 20

/** The first session that a server is given. A waiting beat is answered by whatever there is to do; the session before may
 *  still be one to drop. */
export async function assignmentIn(beat: () => Promise<unknown>): Promise<Assigned> {
  for (let tries = 0; tries < triesMax; tries++) {
    const [first] = (await beat()) as Assigned[]
    if (first !== undefined) return first
  }
  throw new Error('The server was never given a session.')
}
