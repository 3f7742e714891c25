-- Which reasons do people give, and on which platform?
select survey, question, segment as platform, reason, answers, share, share_low, share_high
from marts.fct_feedback_reasons
where event_name = '(all)' and dimension = 'platform' and score_type = 'choice'
order by survey, question, platform, answers desc nulls last
