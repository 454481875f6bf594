import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
interface Locked {
  engines?: { node?: string }
}

/** `>=18`, `^20.19.0 || >=22`: whether one of them is met by the oldest Node that Muster runs on. */
const admitsTwenty = (wanted: string): boolean =>
  wanted.split('||').some((one) => {
    const [, sign = '', major = ''] = /^\s*(\D*)(\d+)/.exec(one) ?? []
    return major === '' || (sign.includes('>') ? Number(major) <= 20 : Number(major) === 20)
  })

it('the packages of which npm warns on Node 20 are those that the README names', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> }
  const warned = Object.entries(packages)
    .filter(([, { engines }]) => engines?.node !== undefined && !admitsTwenty(engines.node))
    .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
  const line = /^.*EBADENGINE.*$/m.exec(read('README.md'))?.[0] ?? ''
  const named = [...line.matchAll(/`([a-z@/-]+)`/g)].map(([, name]) => name).filter((name) => name !== 'npm')
  expect(named.sort()).toEqual([...new Set(warned)].sort())
})
