{# Rows of which an expression is not true, null included. #}
{% test is_always_true(model, expression) %}
select *
from {{ model }}
where not coalesce({{ expression }}, false)
{% endtest %}
