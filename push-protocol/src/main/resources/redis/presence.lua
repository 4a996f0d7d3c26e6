-- Shared preamble: the value of a presence field, and how an owner is displaced.
--
-- A field of the presence hash is a user, its value "node connection generation client since tier replaced window": `since`
-- and `window` in ms; `replaced` how often the client replaced itself without a page, the last time at `window`.
-- Where pages are known the word `tier` goes on: "tier/page/returns", then "/page/returns" of each page that another page of
-- the same client displaced, the latest first. `returns` are the times in ms at which that page came back after it was
-- displaced, separated by commas; or "!first,last": the page was told to stop at `first`, and claimed in vain at `last`.

-- How many displaced pages a field keeps.
local DISPLACED_PAGES = 4

-- The longest time for which claims in vain keep a client away.
local TOMBSTONE_LIMIT_MS = 86400000

-- The id under a key; nil where there is none, or the key holds something else.
local function id_read(key)
	local id = text_read(key)
	return id and id_parts(id) and id or nil
end

-- Returns nil for a value of another form: then the user has no owner.
local function owner_parse(value)
	local node, connection, ms, seq, client, since, tier, replaced, window =
		string.match(value, '^(%S+) (%S+) (%d+)%-(%d+) (%S+) (%d+) ([^%s/]%S*) (%d+) (%d+)$')
	-- The bounds are those of id_parts(), which would match once more.
	if not node or #ms > 13 or #seq > 7 or tonumber(ms) >= MS_LIMIT or tonumber(seq) >= SEQ_LIMIT or #since > 18 then
		return nil
	end
	return {
		node = node, connection = connection, generation = ms .. '-' .. seq, client = client,
		since = since, tier = tier, replaced = tonumber(replaced), window = tonumber(window)
	}
end

-- The pages in the word `tier`: that of the owner, "" where it has none, and those displaced.
local function owner_pages(tier)
	local pages = {}
	for page, returns in string.gmatch(tier, '/([^/]*)/([^/]*)') do
		pages[#pages + 1] = {page = page, returns = returns}
	end
	return table.remove(pages, 1) or {page = '', returns = ''}, pages
end

-- The word `tier` with these pages.
local function tier_format(tier, own, displaced)
	local name = string.match(tier, '^[^/]+')
	if own.page == '' and not displaced[1] then
		return name
	end
	local words = {name, own.page, own.returns}
	for i = 1, math.min(#displaced, DISPLACED_PAGES) do
		words[#words + 1] = displaced[i].page
		words[#words + 1] = displaced[i].returns
	end
	return table.concat(words, '/')
end

local function owner_format(owner)
	return string.format('%s %s %s %s %s %s %d %d', owner.node, owner.connection, owner.generation, owner.client,
		owner.since, owner.tier, owner.replaced, owner.window)
end

-- Notes that a node spoke: `value`, "link.count", is one that it never uses twice. `link` numbers the command connections of
-- its process. What comes by an older one than it has used since was sent before that broke, and must change nothing any more.
-- Returns whether the node may go on.
local function note_renewal(renewals_key, node, value)
	local known = redis.call('HGET', renewals_key, node)
	local link = known and tonumber(string.match(known, '^(%d+)%.%d+$'))
	if link and link > tonumber(string.match(value, '^%d+')) then
		return false
	end
	redis.call('HSET', renewals_key, node, value)
	return true
end

local STALE = 'STALE the node has used a newer connection since'

-- The last message of a user's channel, as `last` says it; `clock` where that cannot be read: something up to there may be
-- missing.
local function last_of_user(last_key, user, clock)
	local last = redis.call('HGET', last_key, 'user:' .. user) or redis.call('HGET', last_key, '') or '0-0'
	local id, durable, expiry = string.match(last, '^(%S+) (%S+) (%d+)$')
	if id_parts(id or last) and (not id or id_parts(durable) and #expiry <= 18) then
		return last
	end
	return clock
end

-- What a user's streams may not have received: "from to". A cursor above `from` and up to `to` was reached by a stream that
-- received its user's channel up to `from` for sure. It is kept for as long as a silent channel is remembered.
local HIDDEN_MS = 604800000

local function hidden_key(prefix, user)
	return prefix .. 'hidden:' .. user
end

-- Both ids of such a stretch; nothing where the text is none.
local function hidden_parse(text)
	local from, to = string.match(text or '', '^(%S+) (%S+)$')
	if from and id_parts(from) and id_parts(to) then
		return from, to
	end
end

local function tombstone_key(prefix, user, client)
	return prefix .. 'kicked:' .. user .. ':' .. client
end

-- Leaves a tombstone, unless there is one that is at least as new.
local function keep_away(prefix, user, client, generation, tombstone_ms)
	local key = tombstone_key(prefix, user, client)
	local present = id_read(key)
	if not present or id_above(generation, present) then
		redis.call('SET', key, generation, 'PX', tombstone_ms)
	end
end

-- Tells the node of `victim` that `generation` displaced that one connection. Kick frames are
-- "K connection generation reason grace-ms\n"; reason "-" ends the stream without a word. `channels` begins pub/sub channels.
local function kick(channels, victim, generation, reason, grace_ms)
	redis.call('PUBLISH', channels .. 'node:' .. victim.node,
		string.format('K %s %s %s %s\n', victim.connection, generation, reason, grace_ms))
end

-- Whether a page was told to stop so recently that it is not to come back.
local function is_told(returns, now, tombstone_ms)
	local first, last = string.match(returns, '^!(%d+),(%d+)$')
	return first and now - last < tombstone_ms and now - first < TOMBSTONE_LIMIT_MS
end

-- Notes in `owner` and its `page` how it follows on `victim` (nil when the field is empty). Returns a verdict:
--   "free"      nobody is displaced
--   "takeover"  by another client; or by the same one, where two pages that share a client id by mistake replace each other,
--               as they would for ever otherwise
--   "reconnect" the same client: a page that reconnects, or was loaded again
--   "told"      the page was told to stop; nothing is displaced, and `victim` notes the claim
-- Pages that share a client id are told from one page by `twins`: a displaced page that comes back `returns` times within
-- `window`; where either of the two has no page, `replacements` of which each comes `within` that time of the one before.
-- Without `twins` an owner is written back: nobody came back.
local function succeed(owner, victim, now, twins)
	local own = {page = owner.page, returns = ''}
	owner.replaced, owner.window = 0, now
	if not victim or victim.client ~= owner.client then
		owner.tier = tier_format(owner.tier, own, {})
		return victim and 'takeover' or 'free'
	end
	local holder, displaced = owner_pages(victim.tier)
	local takeover, back = false, nil
	for i = #displaced, 1, -1 do
		if displaced[i].page == own.page then
			back = table.remove(displaced, i)
		end
	end
	if not twins then
		owner.replaced, owner.window = victim.replaced, victim.window
	elseif back and is_told(back.returns, now, twins.told) then
		back.returns = string.format('!%s,%.0f', string.match(back.returns, '%d+'), now)
		table.insert(displaced, 1, back)
		victim.tier = tier_format(victim.tier, holder, displaced)
		return 'told'
	else
		if own.page == '' or holder.page == '' then
			owner.replaced = now - victim.window <= twins.within and victim.replaced + 1 or 1
			takeover = owner.replaced >= twins.replacements
		end
		if back then
			local times = {}
			for at in string.gmatch(string.match(back.returns, '^[%d,]+$') or '', '%d+') do
				if now - at <= twins.window then
					times[#times + 1] = at
				end
			end
			times[#times + 1] = string.format('%.0f', now)
			takeover = takeover or #times >= twins.returns
			own.returns = table.concat(times, ',', math.max(1, #times - twins.returns + 2))
		end
	end
	if holder.page == own.page then
		own.returns = holder.returns
	elseif holder.page ~= '' then
		if takeover then
			holder.returns = string.format('!%.0f,%.0f', now, now)
		end
		table.insert(displaced, 1, holder)
	end
	owner.tier = tier_format(owner.tier, own, displaced)
	return takeover and 'takeover' or 'reconnect'
end

-- Puts `owner` into the place of `victim`, as succeed() found.
-- By a take-over the victim is told, and a tombstone answers every further claim of its client; but none where that is the
-- winner's own. Otherwise it ends silently.
local function displace(prefix, channels, presence_key, user, victim, owner, verdict, tombstone_ms)
	if victim then
		if victim.client ~= owner.client then
			redis.call('SET', tombstone_key(prefix, user, victim.client), owner.generation, 'PX', tombstone_ms)
		end
		kick(channels, victim, owner.generation, verdict == 'takeover' and 'takeover' or '-', '0')
	end
	redis.call('HSET', presence_key, user, owner_format(owner))
end
