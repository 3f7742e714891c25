-- Whom did a competitor's move or a campaign hit, how hard, and when could we have known?
select name, event_name, segment, effect, effect_low, effect_high, is_hit, seen_on, false_positive_rate
from marts.fct_move_effects
where dimension = 'platform'
order by starts_on, name, effect
