import { describe, expect, test } from 'vitest'
import { BadInput } from '../bad-input.ts'
import { playedGames } from './index.ts'
import { lineLengthMax } from './lines.ts'
import { nameLengthMax } from './played-game.ts'

async function* chunks(...texts: (string | Uint8Array)[]) {
  yield* texts
}
async function read(...texts: (string | Uint8Array)[]) {
  const games = []
  for await (const batch of playedGames(chunks(...texts))) games.push(...batch)
  return games
}
const refusal = (...texts: (string | Uint8Array)[]) =>
  read(...texts).then(
    () => 'nothing was refused',
    (error) => (error instanceof BadInput ? error.message : String(error)),
  )
const header = 'at,a,b,score_a\n'

describe('CSV', () => {
  test('a win, a draw, a loss', async () => {
    const atMs = Date.UTC(2004, 7, 6, 18, 13, 50)
    expect(
      await read(
        `${header}2004-08-06T18:13:50Z,ann,bob,1\n2004-08-06,ann,bob,0.5\n,ann,bob,0`.replace(
          '\n,',
          '\n2004-08-06T20:13:50+02:00,',
        ),
      ),
    ).toEqual([
      { teams: [['ann'], ['bob']], ranks: [1, 2], atMs },
      { teams: [['ann'], ['bob']], ranks: [1, 1], atMs: Date.UTC(2004, 7, 6) },
      { teams: [['ann'], ['bob']], ranks: [2, 1], atMs },
    ])
  })

  test('columns in any order, without at, with others, with spaces and capitals', async () => {
    const games = await read('Score_A , map,B,A\n1.0,"the ""old"" pit, east",bob,ann\n')
    expect(games).toEqual([{ teams: [['ann'], ['bob']], ranks: [1, 2] }])
  })

  test('lines cut anywhere, even inside a letter, with a byte order mark, CRLF and blank lines', async () => {
    const bytes = new TextEncoder().encode('\uFEFFa,b,score_a\r\n\r\nÄnne,🦊,1\r\nÄnne,🦊,0')
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(await read(bytes.slice(0, cut), bytes.slice(cut))).toEqual([
        { teams: [['Änne'], ['🦊']], ranks: [1, 2] },
        { teams: [['Änne'], ['🦊']], ranks: [2, 1] },
      ])
    }
  })

  test.each([
    ['', 'there are no results in it'],
    ['\n\n', 'there are no results in it'],
    ['2004-08-06,ann,bob,1\n', 'line 1: the header has no column a, b, score_a; it should read at,a,b,score_a'],
    ['a,b,score_a,b\n', 'line 1: the header names b twice'],
    [`${header}2004-08-06,ann,bob\n`, 'line 2: has 3 fields where the header has 4'],
    [`${header}\n2004-08-06,ann,bob,2\n`, "line 3: score_a: '2' is not 1 (a won), 0.5 (a draw) or 0 (b won)"],
    [`${header}2004-08-06,ann,bob,\n`, "line 2: score_a: '' is not 1 (a won), 0.5 (a draw) or 0 (b won)"],
    [`${header}2004-08-06,ann,,1\n`, 'line 2: b: the player has no name'],
    [`${header}2004-08-06,ann,ann,1\n`, "line 2: a, b: 'ann' cannot play against himself"],
    [`${header}yesterday,ann,bob,1\n`, "line 2: at: 'yesterday' is no time; write it as 2004-08-06T18:13:50Z"],
    [`${header}2004-13-06,ann,bob,1\n`, "line 2: at: '2004-13-06' is no time; write it as 2004-08-06T18:13:50Z"],
    [`${header}2004-08-06,"ann,bob,1\n`, 'line 2: a quote is opened and not closed'],
    [`${header}2004-08-06,"ann"x,bob,1\n`, 'line 2: text follows a closing quote'],
    [
      `${header}2004-08-06,${'x'.repeat(nameLengthMax + 1)},bob,1\n`,
      'line 2: a: the name is longer than 200 characters',
    ],
  ])('%j is refused', async (text, reason) => {
    expect(await refusal(text)).toBe(reason)
  })
})

describe('JSON lines', () => {
  test('teams of any number and size, times as text, number or not at all', async () => {
    const text = [
      { at: '1970-01-01T00:00:01Z', teams: [['a', 'b'], ['c']], ranks: [2, 1] },
      { at: 2000, teams: [['a'], ['b'], ['c']], ranks: [1, 2, 2], map: 'pit' },
      { teams: [['a'], ['b']], ranks: [1, 1] },
    ]
      .map((game) => JSON.stringify(game))
      .join('\n')
    expect(await read(text)).toEqual([
      { teams: [['a', 'b'], ['c']], ranks: [2, 1], atMs: 1000 },
      { teams: [['a'], ['b'], ['c']], ranks: [1, 2, 2], atMs: 2000 },
      { teams: [['a'], ['b']], ranks: [1, 1] },
    ])
  })

  test.each([
    ['{"teams":', /^line 1: is not JSON: /],
    ['[{"teams":[["a"],["b"]],"ranks":[1,2]}]', /^line 1: each line is to be one object/],
    ['{}', /^line 1: teams: a list of at least two teams is wanted$/],
    ['{"teams":[["a"]],"ranks":[1]}', /at least two/],
    ['{"teams":[["a"],[]],"ranks":[1,2]}', /^line 1: teams\[1\]: a list of names is wanted$/],
    ['{"teams":["a","b"],"ranks":[1,2]}', /^line 1: teams\[0\]: a list of names is wanted$/],
    ['{"teams":[["a"],[7]],"ranks":[1,2]}', /^line 1: teams\[1\]\[0\]: a player's name is text, not 7$/],
    ['{"teams":[["a"],["a"]],"ranks":[1,2]}', /^line 1: teams\[1\]\[0\]: 'a' is in this game twice$/],
    ['{"teams":[["a"],["b"]]}', /^line 1: ranks: a list/],
    ['{"teams":[["a"],["b"]],"ranks":[1]}', /^line 1: ranks: 1 given for 2 teams/],
    ['{"teams":[["a"],["b"]],"ranks":[1,"2"]}', /^line 1: ranks\[1\]: "2" is no whole number$/],
    ['{"teams":[["a"],["b"]],"ranks":[1,2.5]}', /^line 1: ranks\[1\]: 2.5 is no whole number$/],
    ['{"at":true,"teams":[["a"],["b"]],"ranks":[1,2]}', /^line 1: at: true is no time/],
    [JSON.stringify({ teams: Array.from({ length: 1001 }, (_, i) => [`${i}`]), ranks: [] }), /at most 1000/],
  ])('%s is refused', async (text, reason) => {
    expect(await refusal(text)).toMatch(reason)
  })
})

test('a stream without line ends is refused before it fills the memory', async () => {
  expect(await refusal('a,b,score_a\n', 'x'.repeat(lineLengthMax + 1))).toBe(
    'line 2: is longer than 1000000 characters',
  )
})
