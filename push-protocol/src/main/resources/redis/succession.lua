-- Shared preamble, behind those of tombstones and of successors: how one owner follows on another of the same client.

-- How many displaced pages a field keeps.
local DISPLACED_PAGES = 4

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
	if not displaced[1] then
		return name .. '/' .. own.page .. '/' .. own.returns
	end
	local words = {name, own.page, own.returns}
	for i = 1, math.min(#displaced, DISPLACED_PAGES) do
		words[#words + 1] = displaced[i].page
		words[#words + 1] = displaced[i].returns
	end
	return table.concat(words, '/')
end

-- Whether a page was asked to stop so recently that it is not to come back.
local function is_stopped(returns, now, tombstone_ms)
	local first, last = string.match(returns, '^!(%d+),(%d+)$')
	return first and now - last < tombstone_ms and now - first < TOMBSTONE_LIMIT_MS
end

-- Notes in `owner` and its `page` how it follows on `victim` (nil when the field is empty). Returns a verdict:
--   "free"      no owner is displaced
--   "takeover"  by another client; or by the same one, where two pages that share a client id by mistake replace each other,
--               as they would for ever otherwise
--   "reconnect" the same client: a page that reconnects, or was loaded again
--   "stopped"   the page was asked to stop; nothing is displaced, and `victim` notes the claim
-- Pages that share a client id are distinguished from one page by `twins`: a displaced page that comes back `returns` times within
-- `window`; where either of the two has no page, `replacements` of which each comes `within` that time of the one before.
-- `twins` are these four numbers as a text: "replacements within returns window". Without it an owner is written back: no page
-- came back.
local function succeed(owner, victim, now, twins, tombstone_ms)
	if not victim or victim.client ~= owner.client then
		return owner_begin(owner, victim, now)
	end
	owner.replaced, owner.window = '0', string.format('%d', now)
	local own = {page = owner.page, returns = ''}
	local holder, displaced = owner_pages(victim.tier)
	local takeover, back = false, nil
	for i = #displaced, 1, -1 do
		if displaced[i].page == own.page then
			back = table.remove(displaced, i)
		end
	end
	if not twins then
		owner.replaced, owner.window = victim.replaced, victim.window
	elseif back and is_stopped(back.returns, now, tonumber(tombstone_ms)) then
		back.returns = string.format('!%s,%.0f', string.match(back.returns, '%d+'), now)
		table.insert(displaced, 1, back)
		victim.tier = tier_format(victim.tier, holder, displaced)
		return 'stopped'
	elseif back or own.page == '' or holder.page == '' then
		local replacements, within, returns, window = string.match(twins, '^(%d+) (%d+) (%d+) (%d+)$')
		if own.page == '' or holder.page == '' then
			owner.replaced = now - victim.window <= tonumber(within) and victim.replaced + 1 or 1
			takeover = owner.replaced >= tonumber(replacements)
		end
		if back then
			returns = tonumber(returns)
			local times = {}
			for at in string.gmatch(string.match(back.returns, '^[%d,]+$') or '', '%d+') do
				if now - at <= tonumber(window) then
					times[#times + 1] = at
				end
			end
			times[#times + 1] = string.format('%.0f', now)
			takeover = takeover or #times >= returns
			own.returns = table.concat(times, ',', math.max(1, #times - returns + 2))
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
