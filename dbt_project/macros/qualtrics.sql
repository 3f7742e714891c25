{#
    Answers of Qualtrics responses. A column is a question by its ImportId, which header generations
    write differently (`QID2-1`, `QID2_1`); without such a row, by a label that is not its name. The
    columns of a question with several answers are one answer where they hold the choices' texts, or
    where the survey's definition was delivered; else each is a question of its own.
#}
{% macro qualtrics_answers(responses) %}
    (
    with {{ survey_cells(responses, 'qualtrics') }},

    {{ qualtrics_definitions() }},

    imports as (

        select
            delivery_id,
            file_sha256,
            member,
            question_id,
            replace(
                regexp_extract(label, 'ImportId[^:]*: *.([A-Za-z0-9_#. -]+)', 1), '-', '_'
            ) as import_id
        from header_cells
        where {{ is_import_cell('label') }}

    ),

    imported as (

        select
            imports.*,
            count(*) over (partition by delivery_id, file_sha256, member, import_id) as columns
        from imports

    ),

    files_with_imports as (

        select distinct
            delivery_id,
            file_sha256,
            member
        from imports

    ),

    labels as (

        select
            delivery_id,
            file_sha256,
            member,
            question_id,
            min(label) as label
        from header_cells
        where not {{ is_import_cell('label') }}
        group by
            delivery_id,
            file_sha256,
            member,
            question_id

    ),

    told as (

        select
            answered.*,
            labels.label,
            case when imported.columns = 1 then imported.import_id end as import_id,
            nullif(regexp_extract(imported.import_id, '(QID[0-9]+)', 1), '') as qid,
            case
                when files_with_imports.delivery_id is not null
                    then coalesce(
                        {{ matches('imported.import_id', '^([0-9]+_)?QID[0-9]') }}, false
                    )
                when labels.label is not null then labels.label <> answered.question_id
                else true
            end as is_question,
            groups.question_id is not null as has_nps_group
        from answered
        left join files_with_imports
            on
                answered.delivery_id = files_with_imports.delivery_id
                and answered.file_sha256 = files_with_imports.file_sha256
                and answered.member = files_with_imports.member
        left join imported
            on
                answered.delivery_id = imported.delivery_id
                and answered.file_sha256 = imported.file_sha256
                and answered.member = imported.member
                and answered.question_id = imported.question_id
        left join labels
            on
                answered.delivery_id = labels.delivery_id
                and answered.file_sha256 = labels.file_sha256
                and answered.member = labels.member
                and answered.question_id = labels.question_id
        -- a score from 0 to 10 has a column with its group beside it
        left join labels as groups
            on
                answered.delivery_id = groups.delivery_id
                and answered.file_sha256 = groups.file_sha256
                and answered.member = groups.member
                and concat(answered.question_id, '_NPS_GROUP') = groups.question_id

    ),

    questioned as (

        select
            told.*,
            coalesce(told.import_id, told.question_id) as own_id,
            question_texts.qid as defined_qid,
            question_texts.question_text,
            question_texts.question_type,
            coalesce(question_texts.selector, '') as selector
        from told
        left join question_texts
            on
                told.source = question_texts.source
                and (
                    told.qid = question_texts.qid
                    or (
                        told.qid is null
                        and question_texts.tag
                        = regexp_replace(told.question_id, '(_[0-9]+)?(_TEXT)?$', '')
                    )
                )
                -- the same question, not one of that id in another survey
                and (
                    told.label is null
                    or substr(
                        {{ label_key('told.label') }},
                        1,
                        least(30, length({{ label_key('question_texts.question_text') }}))
                    ) = substr({{ label_key('question_texts.question_text') }}, 1, 30)
                )
        where
            told.is_question
            and told.question_id not in (
                'ResponseID', 'ResponseId', 'ResponseSet', 'RecipientName', 'EmailAddress',
                'IPAddress', 'Status', 'StartDate', 'EndDate', 'RecordedDate', 'Finished',
                'Progress', 'Duration (in seconds)', 'RecipientLastName', 'RecipientFirstName',
                'RecipientEmail', 'ExternalReference', 'ExternalDataReference',
                'LocationLatitude', 'LocationLongitude', 'LocationAccuracy',
                'DistributionChannel', 'UserLanguage'
            )
            and not {{ matches(
                'told.question_id',
                '( - (Parent )?Topics| - Sentiment.*|_NPS_GROUP|_DO(_.*)?|^column#[0-9]+)$'
            ) }}
            and not {{ matches(
                'coalesce(told.import_id, told.question_id)',
                '_(FIRST_CLICK|LAST_CLICK|PAGE_SUBMIT|CLICK_COUNT|First Click|Last Click'
                ~ '|Page Submit|Click Count|NPS_GROUP)$'
            ) }}

    ),

    chosen as (

        select
            questioned.*,
            {{ matches('questioned.own_id', '_TEXT$') }} as is_text,
            coalesce(
                questioned.question_type = 'MC'
                and questioned.selector like 'MA%'
                and not {{ matches('questioned.own_id', '_TEXT$') }},
                false
            ) as has_several,
            coalesce(picked.choice_text, single.choice_text) as choice_text,
            single.choice_text as single_text,
            row_number() over (
                partition by questioned.response_id, questioned.own_id
                order by length(coalesce(picked.choice_text, '')) desc, single.choice_text asc
            ) as match_number
        from questioned
        -- the column of one choice of several, by its ImportId or by what its label ends in
        left join choice_texts as picked
            on
                questioned.source = picked.source
                and questioned.defined_qid = picked.qid
                and questioned.selector like 'MA%'
                and (
                    questioned.import_id = concat(picked.qid, '_', picked.choice_id)
                    or (
                        questioned.import_id is null
                        and {{ ends_in_choice('questioned.label', 'picked.choice_text') }}
                    )
                )
        left join choice_texts as single
            on
                questioned.source = single.source
                and questioned.defined_qid = single.qid
                and questioned.question_type = 'MC'
                and questioned.selector not like 'MA%'
                and questioned.answer = single.code

    ),

    -- a cell that repeats the end of its column's label is a choice, written as text
    judged as (

        select
            chosen.*,
            has_several and answer <> '0' as is_pick,
            not has_several
            and not is_text
            and {{ to_number('answer') }} is null
            and {{ ends_in_choice('label', 'answer') }}
            as is_label
        from chosen
        where match_number = 1

    )

    select
        response_id,
        own_id as question_id,
        coalesce(
            case when own_id in (qid, question_id) then question_text end,
            {{ plain_text('label') }},
            own_id
        ) as question,
        coalesce(single_text, answer) as answer,
        case when single_text is not null then answer end as code,
        case
            when has_nps_group or (question_type = 'MC' and selector = 'NPS') then 'nps'
            when is_text or question_type = 'TE' then 'text'
            when question_type = 'MC' then 'choice'
            when question_type = 'Matrix' then 'rating'
            when {{ to_number('answer') }} is not null then 'number'
            else 'text'
        end as score_type
    from judged
    where not coalesce(is_pick, false) and not coalesce(is_label, false) and not has_several

    union all

    select
        response_id,
        coalesce(
            min(defined_qid),
            min(regexp_replace(own_id, '_[0-9]+$', ''))
        ) as question_id,
        coalesce(
            min(question_text),
            min(regexp_replace(
                substr(
                    {{ label_text('label') }},
                    1,
                    length({{ label_text('label') }}) - length({{ label_text('answer') }})
                ),
                '[ -]+$',
                ''
            ))
        ) as question,
        {{ json_list_of("coalesce(choice_text, case when is_label then " ~ plain_text('answer')
            ~ " end, " ~ plain_text('label') ~ ", answer)",
            "concat(lpad(cast(length(own_id) as string), 4, '0'), own_id)") }} as answer,
        cast(null as string) as code,
        'choice' as score_type
    from judged
    where is_pick or coalesce(is_label, false)
    group by
        response_id,
        coalesce(defined_qid, regexp_replace(own_id, '_[0-9]+$', ''))

    union all

    select
        api.response_id,
        api.question_id,
        coalesce(question_texts.question_text, api.question_id) as question,
        coalesce(api.label, api.answer) as answer,
        case when api.label is not null then api.answer end as code,
        case
            when
                question_texts.question_type = 'MC' and question_texts.selector = 'NPS'
                then 'nps'
            when {{ matches('api.question_id', '_TEXT$') }} then 'text'
            when question_texts.question_type = 'Matrix' then 'rating'
            when api.label is not null or question_texts.question_type = 'MC' then 'choice'
            when {{ to_number('api.answer') }} is not null then 'number'
            else 'text'
        end as score_type
    from (
        select
            response_id,
            source,
            question_id,
            {{ json_member_text('answers', 'question_id') }} as answer,
            {{ json_member_text('labels', 'question_id') }} as label
        from (
            select
                response_id,
                source,
                answers,
                {{ json_object_at('document', '$.labels') }} as labels,
                {{ json_each_key('answers') }} as question_id
            from {{ responses }}
            where vendor = 'qualtrics' and layout = 'api'
        ) as keyed
        where
            {{ matches('question_id', '^([0-9]+_)?QID[0-9]') }}
            and not {{ matches(
                'question_id',
                '(_DO(_.*)?|_NPS_GROUP|Topics|Sentiment|_FIRST_CLICK|_LAST_CLICK|_PAGE_SUBMIT'
                ~ '|_CLICK_COUNT)$'
            ) }}
    ) as api
    left join question_texts
        on
            api.source = question_texts.source
            and regexp_extract(api.question_id, '(QID[0-9]+)', 1) = question_texts.qid
    where api.answer is not null
    )
{% endmacro %}
