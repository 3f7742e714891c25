-- Every record of every file has one fate or is visibly pending. A row here means that a record was
-- lost, or counted twice, between the byte pass and the marts.
select * from {{ ref('fct_ledger') }}
where not is_balanced
