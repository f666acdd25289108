import { describe, expect, it } from 'vitest'
import { createApplication } from '../../src/application/index.ts'
import { Topics } from '../../src/topics/index.ts'
import { installedTopicsOf } from '../../src/topics/installed-topics.ts'

describe('installedTopicsOf()', () => {
  it('returns the topics of an application, and null before the plugin is installed', async () => {
    const app = createApplication()
    const before = installedTopicsOf(app)
    const topics = app.install(Topics)

    expect(before).toBe(null)
    expect(installedTopicsOf(app)).toBe(topics)
    expect(installedTopicsOf(createApplication())).toBe(null)
    await topics.close()
  })
})
