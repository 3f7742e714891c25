{# Rows whose columns, taken together, come more than once; nulls are equal to each other. #}
{% test is_unique_together(model, columns) %}
select
    {{ columns | join(', ') }},
    count(*) as copies
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
