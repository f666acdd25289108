/**
 * Parses the messages of the chat's server, and checks that they are `ServerMessage`s.
 */

import { Frame } from 'towpath/client'
import type { Said, ServerMessage } from '../chat/messages.ts'

/** Parses one frame; returns `null` for anything but a well-formed `ServerMessage`. */
export function readServerMessage(frame: Frame): ServerMessage | null {
  if (!(frame instanceof Frame.Text)) return null
  try {
    const value: unknown = JSON.parse(frame.readText())
    return isServerMessage(value) ? value : null
  } catch {
    return null // not JSON
  }
}

function isServerMessage(value: unknown): value is ServerMessage {
  if (!isObject(value)) return false
  switch (value['type']) {
    case 'welcome':
      return (
        typeof value['name'] === 'string' &&
        typeof value['epoch'] === 'string' &&
        isListOf(value['members'], isString) &&
        isListOf(value['history'], isSaid)
      )
    case 'joined':
    case 'left':
      return typeof value['name'] === 'string' && typeof value['at'] === 'number'
    default:
      return isSaid(value)
  }
}

function isSaid(value: unknown): value is Said {
  return (
    isObject(value) &&
    value['type'] === 'said' &&
    Number.isSafeInteger(value['id']) &&
    ['ref', 'name', 'text'].every((field) => typeof value[field] === 'string') &&
    typeof value['at'] === 'number'
  )
}

function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(isItem)
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
