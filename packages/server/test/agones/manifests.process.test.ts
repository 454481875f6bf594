import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { repository } from '../support/muster-process.ts'

const script = fileURLToPath(new URL('manifests.py', import.meta.url))
const document = join(repository, 'docs/agones.md')
/** A Python that has `kubernetes-validate`: CI has one, and whoever makes one. */
const python = process.env.KUBERNETES_VALIDATE_PYTHON ?? ''

describe.runIf(python !== '' || process.env.CI === 'true')('the manifests of the document', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-manifests-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  const check = (path: string) => execFileSync(python, [script, path], { encoding: 'utf8', stdio: 'pipe' }).split('\n')

  it('are accepted by the schemas of Kubernetes', () => {
    expect(check(document)).toEqual(['ServiceAccount', 'Role', 'RoleBinding', 'Secret', 'Fleet', ''])
  })

  it.each([
    ['verbs: [create]', 'verb: [create]'],
    ['            - name: duels\n', '            - names: duels\n'],
  ])('are refused with %j as %j', async (right, wrong) => {
    const text = await readFile(document, 'utf8')
    expect(text).toContain(right)
    const path = join(folder, 'agones.md')
    await writeFile(path, text.replace(right, wrong))
    expect(() => check(path)).toThrow(/ValidationError/)
  })
})
