/**
 * What runs inside Redis: each script is atomic for its topics.
 *
 * Keys of a topic: *meta*, a hash of `e` (epoch), `o` (newest offset) and `r` (the replication id
 * that it was written under); *log*, a stream whose ids are `<offset>-0` and whose one field is
 * `m`; and one key for each recent identity, `<sequence>:<offset>`. A lane has one key. It may end
 * with ranges of sequences that were passed over, `:<first>-<last>`: a later append of the lane was
 * stored, and these may not have been.
 *
 * The epoch follows the data. Redis changes its replication id at a restart and at a promotion.
 * Meta that was written under another id belongs to a copy that may lack acknowledged events, so a
 * new epoch begins. The id is read inside the script: an argument could be stale when a redirect
 * brings it to another server.
 */

import { createHash } from 'node:crypto'

/** A script and the name by which Redis knows it. */
export interface Script {
  readonly text: string
  readonly sha: string
}

/**
 * Leading arguments of every script: `trust` (`1` or `0`), the epoch to begin when one begins, and
 * meta's TTL.
 */
const PRELUDE = `
local function whole(n) return string.format('%.0f', n) end
local function life()
  if ARGV[1] == '1' then return 'trusted' end
  return string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)') or 'unknown'
end
-- The reply of a read, or nothing for a key of another type. Other errors end the script.
local function ours(reply)
  if type(reply) ~= 'table' or not reply.err then return reply end
  if string.find(reply.err, '^WRONGTYPE') then return nil end
  error(reply)
end
local function begin(meta, id, offset)
  -- After DEL, Redis checks its memory no more. A read also succeeds while the memory is full; an
  -- append does not.
  if not isAppend then redis.call('DEL', meta) end
  redis.call('HSET', meta, 'e', ARGV[2], 'o', whole(offset), 'r', id)
  redis.call('PEXPIRE', meta, ARGV[3])
  return ARGV[2], offset
end
local function open(meta, log, id)
  local m = ours(redis.pcall('HMGET', meta, 'e', 'o', 'r'))
  if not m then
    redis.call('DEL', meta)
    m = {}
  end
  local epoch, offset = m[1], tonumber(m[2] or '')
  if offset and not (offset >= 0 and offset < 9007199254740992 and offset % 1 == 0) then
    offset = nil
  end
  if epoch and offset and m[3] == id and string.match(epoch, '^[%w_-]+$') and #epoch <= 64 then
    return epoch, offset
  end
  local last = ours(redis.pcall('XREVRANGE', log, '+', '-', 'COUNT', 1))
  if not last then
    redis.call('DEL', log)
  elseif last[1] then
    local kept = tonumber(string.match(last[1][1], '^(%d+)')) or 0
    if kept < 9007199254740992 then offset = math.max(offset or 0, kept) end
  end
  return begin(meta, id, offset or 0)
end
`

/**
 * Appends. KEYS: meta, log, identity. ARGV after the leading ones: channel, message, sequence,
 * dedupe, size, age, `=` and expected epoch or nothing, expected offset, `PUBLISH` or `SPUBLISH`.
 *
 * Returns epoch, offset or nothing, and 0 for stored, 1 for a duplicate, 2 for a failed
 * expectation, 3 for a sequence that was passed over. After 0, the error of a command that failed
 * after the event was stored.
 */
const APPEND = `local isAppend = true${PRELUDE}
local id = life()
local epoch, offset = open(KEYS[1], KEYS[2], id)
local known = ours(redis.pcall('GET', KEYS[3]))
local sequence, last, gaps = tonumber(ARGV[6]), 0, ''
if type(known) == 'string' then
  local newest, at, passed = string.match(known, '^(%d+):(%d+)([:%d-]*)$')
  if newest and tonumber(newest) >= sequence then
    -- An offset above the head is of an event that was lost.
    if newest == ARGV[6] then return { epoch, tonumber(at) <= offset and at or '', 1 } end
    for first, final in string.gmatch(passed, ':(%d+)%-(%d+)') do
      if tonumber(first) <= sequence and sequence <= tonumber(final) then
        return { epoch, '', 3 }
      end
    end
    return { epoch, '', 1 }
  end
  if newest then last, gaps = tonumber(newest), passed end
end
if ARGV[10] ~= '' and (ARGV[10] ~= '=' .. epoch or ARGV[11] ~= whole(offset)) then
  return { epoch, '', 2 }
end
local previous = redis.call('EXISTS', KEYS[2]) == 1 and offset or 0
local function failure(reply) return type(reply) == 'table' and reply.err and reply end
-- Redis takes nothing back. The identity and the head are written before the event, and restored if
-- the event is refused. No error then leaves an event that the next attempt does not recognise.
local function restore()
  if type(known) == 'string' and known ~= '' then
    redis.pcall('SET', KEYS[3], known, 'KEEPTTL')
  else
    -- Redis has permitted SET, and may forbid DEL.
    redis.pcall('SET', KEYS[3], '', 'PX', 1)
  end
  redis.pcall('HSET', KEYS[1], 'o', whole(offset))
end
-- The same bounds as in src/topics/memory/lane-gaps.ts.
if sequence > last + 1 then gaps = gaps .. ':' .. whole(last + 1) .. '-' .. whole(sequence - 1) end
if gaps ~= '' then
  local final = tonumber(string.match(gaps, '^:%d+%-(%d+)') or '')
  if final and final < sequence - 16384 then gaps = string.gsub(gaps, '^:%d+%-%d+', '') end
  local _, count = string.gsub(gaps, ':', ':')
  if count > 16 then gaps = string.gsub(gaps, '^(:%d+)%-%d+:%d+(%-%d+)', '%1%2') end
end
local function store()
  local next = whole(offset + 1)
  local identity = ARGV[6] .. ':' .. next .. gaps
  local refused = failure(redis.pcall('SET', KEYS[3], identity, 'PX', ARGV[7]))
  -- Nothing was written.
  if refused then return refused end
  refused = failure(redis.pcall('HSET', KEYS[1], 'o', next))
    or failure(redis.pcall('XADD', KEYS[2], 'MAXLEN', ARGV[8], next .. '-0', 'm', ARGV[5]))
  if refused then restore() end
  return refused
end
local refused = store()
if refused then
  -- Only a log of another program, or one above the head, begins again. Redis returns other errors,
  -- such as OOM, before it writes, and permits DEL at the same time: the log would be lost.
  local isForeign = string.find(refused.err, '^WRONGTYPE')
    or string.find(refused.err, 'equal or smaller', 1, true)
    or string.find(refused.err, 'exhausted the last possible ID', 1, true)
  if not isForeign then return refused end
  redis.call('DEL', KEYS[2])
  epoch, offset = begin(KEYS[1], id, offset)
  previous = 0
  refused = store()
  if refused then return refused end
end
offset = whole(offset + 1)
-- The event is stored, whatever comes of the rest.
local live = epoch .. ' ' .. offset .. ' ' .. whole(previous) .. ' ' .. ARGV[5]
local expired = failure(redis.pcall('PEXPIRE', KEYS[1], ARGV[3]))
  or failure(redis.pcall('PEXPIRE', KEYS[2], ARGV[9]))
local failed = failure(redis.pcall(ARGV[12], ARGV[4], live)) or expired
return { epoch, offset, 0, failed and failed.err or nil }
`

/**
 * Reads. KEYS: meta, log. ARGV after the leading ones: after, events, bytes.
 *
 * Returns epoch, head, the offset of the oldest event or nothing, then offset and message of each
 * event.
 */
const READ = `local isAppend = false${PRELUDE}
local epoch, head = open(KEYS[1], KEYS[2], life())
local after, events, bytes = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local oldest = ours(redis.pcall('XRANGE', KEYS[2], '-', '+', 'COUNT', 1))
local page = { epoch, whole(head), oldest and oldest[1] and string.match(oldest[1][1], '^%d+') or '' }
local full = not oldest or after >= head
local taken = 0
while not full do
  local chunk = redis.call('XRANGE', KEYS[2], whole(after + 1), whole(head), 'COUNT', math.min(16, events))
  full = #chunk == 0
  for _, entry in ipairs(chunk) do
    local offset = string.match(entry[1], '^(%d+)-0$')
    local message = entry[2][1] == 'm' and entry[2][2]
    if offset and message then
      bytes = bytes - #message
      if taken == events or (bytes < 0 and taken > 0) then full = true break end
      taken = taken + 1
      page[#page + 1] = offset
      page[#page + 1] = message
    end
    after = tonumber(string.match(entry[1], '^%d+'))
  end
end
return page
`

/** Reads heads. KEYS: meta and log of each topic. Returns epoch and offset of each. */
const HEADS = `local isAppend = false${PRELUDE}
local id = life()
local heads = {}
for k = 1, #KEYS, 2 do
  local epoch, offset = open(KEYS[k], KEYS[k + 1], id)
  if redis.call('PTTL', KEYS[k]) < ARGV[3] / 2 then redis.call('PEXPIRE', KEYS[k], ARGV[3]) end
  heads[k] = epoch
  heads[k + 1] = whole(offset)
end
return heads
`

export const APPEND_SCRIPT: Script = script(APPEND)
export const READ_SCRIPT: Script = script(READ)
export const HEADS_SCRIPT: Script = script(HEADS)

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}
