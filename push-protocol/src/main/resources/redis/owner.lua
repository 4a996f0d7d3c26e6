-- Shared preamble, behind that of ids: the value of a presence field.
--
-- A field of the presence hash is a user, its value "node connection generation client since tier replaced window":
-- `since` (when it was opened) and `window` in ms; `replaced` how often the client replaced itself without a page, the last time
-- at `window`.
-- Where pages are known the word `tier` goes on: "tier/page/returns", then "/page/returns" of each page that another page of
-- the same client displaced, the latest first. `returns` are the times in ms at which that page came back after it was
-- displaced, separated by commas; or "!first,last": the page was asked to stop at `first`, and claimed in vain at `last`.

-- Returns nil for a value of another form: then the user has no owner.
local function owner_parse(value)
	local node, connection, ms, seq, client, opened_at, tier, replaced, window =
		string.match(value, '^(%S+) (%S+) (%d+)%-(%d+) (%S+) (%d+) ([^%s/]%S*) (%d+) (%d+)$')
	-- The bounds are those of id_parts(), which would match once more.
	if not node or #ms > 13 or #seq > 7 or ms + 0 >= MS_LIMIT or seq + 0 >= SEQ_LIMIT or #opened_at > 18 then
		return nil
	end
	return {
		node = node, connection = connection, generation = ms .. '-' .. seq, client = client,
		opened_at = opened_at, tier = tier, replaced = replaced, window = window
	}
end
