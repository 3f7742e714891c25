"""The landing gate: each delivery is whole, readable, of the known shape, and counts agree.

View `gate_landing`, a row a delivery: source, vendor, delivery_id, file_name, bytes, state
(complete, torn or unrecognised), torn_reason, looks_like (the vendor its content speaks of when
that is not the configured one), missing_columns, records (by the byte pass), rows_written,
parquet_rows (by the Parquet footers), unreadable, ends_early (the vendor's own line says so),
declared_records (the vendor's own manifest, else null), advice (what to configure, where a file of
the vendor cannot be read), shortfall (what the vendor's manifest names and did not come as named),
doubt (where its figures differ though nothing is missing), known_deliveries (earlier ones it can
be held against, null where they are too few), lost_columns (that all of them had and it has not),
is_usually_empty (earlier ones of its source often were).
"""

from functools import partial

from expectations.rules import Limits, Rule, expect

_rule = partial(Rule, stage="landing", view="gate_landing")


def landing_rules(limits: Limits) -> tuple[Rule, ...]:
    """The rules of the landing gate; `limits.unreadable_share` is the only figure to set."""
    return (
        _rule(
            name="file_is_whole",
            severity="block",
            dimension="completeness",
            claim=expect("ExpectColumnValuesToNotBeInSet", column="state", value_set=["torn"]),
            offenders="state = 'torn'",
            observed="concat(file_name, ' is cut off: ', coalesce(torn_reason, 'no reason given'),"
            " format(' ({:,} bytes, {:,} records read)', bytes, records))",
            next_step="Fetch or copy the file of {source} again, then run again. What could be"
            " read is kept and pending; to go on without the rest: {accept}",
            description="A torn file lacks records nobody can name; loading its head would pass for"
            " the whole of its dates.",
        ),
        _rule(
            name="file_is_not_cut_by_vendor",
            severity="block",
            dimension="completeness",
            claim=expect("ExpectColumnValuesToBeInSet", column="ends_early", value_set=[False]),
            offenders="ends_early",
            observed="concat(file_name, format(' ends with the vendor''s own line that the export"
            " was terminated early, after {:,} records', records))",
            next_step="Export the same interval of {source} again, in smaller pieces if it ends"
            " early again; to go on with what arrived: {accept}",
            description="Mixpanel's export ends with `terminated early` when the vendor gave up"
            " midway; the file looks whole.",
        ),
        _rule(
            name="file_is_recognised",
            severity="warn",
            dimension="validity",
            claim=expect("ExpectFilesToBeRecognised", state="state", looks_like="looks_like"),
            offenders="state = 'unrecognised' and looks_like is null",
            observed="concat(file_name, format(' ({:,} bytes) is of no known shape', bytes))",
            next_step="Move the file out of the folder of {source} if it is no export; else run"
            " `waybill inspect` on it. It is kept as one quarantined record.",
            description="A stray file beside the exports; it is listed, kept and loses nothing.",
        ),
        _rule(
            name="file_is_of_its_vendor",
            severity="block",
            dimension="validity",
            claim=expect("ExpectColumnValuesToBeNull", column="looks_like"),
            offenders="looks_like is not null",
            observed="concat(file_name, ' looks like ', looks_like, ', not ', vendor)",
            next_step="Set `vendor:` of {source} to what the file is, or move the file to the"
            " folder of the source it belongs to, then run again.",
            description="Another vendor's export read by this vendor's rules would load under the"
            " wrong clock and the wrong keys.",
        ),
        _rule(
            name="mapped_columns_are_present",
            severity="block",
            dimension="validity",
            claim=expect("ExpectColumnValuesToBeNull", column="missing_columns"),
            offenders="missing_columns is not null",
            observed="concat(file_name, ' lacks ', missing_columns)",
            next_step="Correct `columns:` of {source} in migration.yaml to the names the file has"
            " (`waybill inspect` lists them), then run again.",
            description="A mapped column the file does not have would be loaded as null.",
        ),
        _rule(
            name="two_counts_agree",
            severity="block",
            dimension="consistency",
            claim=expect(
                "ExpectRowValuesToAgree", columns=["records", "rows_written", "parquet_rows"]
            ),
            offenders="records is distinct from rows_written"
            " or rows_written is distinct from parquet_rows",
            observed="concat(file_name, ': ', coalesce(records::varchar, 'unknown'),"
            " ' records in its bytes, ', coalesce(rows_written::varchar, 'unknown'),"
            " ' rows written, ', coalesce(parquet_rows::varchar, 'unknown'), ' rows in Parquet')",
            next_step="Run again with the landing folder of delivery {delivery} removed: it is"
            " landed anew from the stored bytes. If the counts differ again, do not accept: report"
            " the file.",
            description="Records are counted in the bytes, when written, and again in the Parquet"
            " footers; a difference is a record lost or doubled by Waybill itself.",
        ),
        _rule(
            name="most_records_are_readable",
            severity="block",
            dimension="validity",
            claim=expect(
                "ExpectRowShareToBeAtMost",
                part="unreadable",
                whole="records",
                limit=limits.unreadable_share,
            ),
            offenders=f"unreadable > {limits.unreadable_share!r} * records",
            observed="concat(file_name, format(': {:,} of {:,} records are unreadable ({:.2f} %,"
            " limit {:.2f} %)', unreadable, records,"
            f" 100.0 * unreadable / greatest(records, 1), {100 * limits.unreadable_share!r}))",
            next_step="Look at the reasons in quality.fct_quarantine for {source}; mend the"
            " source's settings or its export, then `waybill replay`. To go on: {accept}",
            description="A few bad lines are quarantined; many mean that the file is read wrongly.",
        ),
        _rule(
            name="all_records_are_readable",
            severity="warn",
            dimension="validity",
            claim=expect("ExpectRowCountsToBeZero", columns=["unreadable"]),
            offenders="unreadable <> 0",
            observed="concat(file_name, format(': {:,} of {:,} records are unreadable',"
            " unreadable, records))",
            next_step="The records are kept: see quality.fct_quarantine for {source}, and"
            " `waybill replay` after a fix.",
            description="Unreadable records are quarantined with their bytes and a reason.",
        ),
        _rule(
            name="delivery_is_not_empty",
            severity="warn",
            dimension="completeness",
            claim=expect(
                "ExpectRowsNotToBeEmpty", records="records", usually_empty="is_usually_empty"
            ),
            offenders="records < 1 and not is_usually_empty",
            observed="concat(file_name, format(' holds no records ({:,} bytes)', bytes))",
            next_step="Ask whether {source} should have had events then; export it again if so.",
            description="An empty export is legitimate on a quiet day and a failed one otherwise;"
            " where one in ten was empty before, it is usual.",
        ),
        _rule(
            name="known_columns_are_present",
            severity="warn",
            dimension="consistency",
            claim=expect("ExpectColumnValuesToBeNull", column="lost_columns"),
            offenders="lost_columns is not null",
            observed="concat(file_name, ' has not ', lost_columns, ', which all deliveries before"
            " it had')",
            next_step="Ask the owner of {source} whether the export or the tracking was changed;"
            " what is gone is null in the marts from here on.",
            description="A column or key that stood in most records of every delivery before, and"
            " in none of this one, was dropped from the export or from the tracking.",
            history="known_deliveries is not null",
        ),
        _rule(
            name="vendor_manifest_agrees",
            severity="block",
            dimension="completeness",
            claim=expect(
                "ExpectRowValuesToAgree",
                columns=["records", "declared_records"],
                ignore_nulls=True,
            ),
            offenders="records <> declared_records",
            observed="concat(file_name, format(': {:,} records, the vendor''s manifest says {:,}',"
            " records, declared_records))",
            next_step="Fetch the files of {source} again; some did not arrive whole. To go on with"
            " what arrived: {accept}",
            description="The vendor's own figure, where it states one, is the count to believe.",
        ),
        _rule(
            name="file_can_be_read",
            severity="block",
            dimension="validity",
            claim=expect("ExpectColumnValuesToBeNull", column="advice"),
            offenders="advice is not null",
            observed="advice",
            next_step="Do for {source} what is said, then run again. The file is kept as one"
            " quarantined record; to go on without it: {accept}",
            description="A file that is the vendor's by its name, and lacks what says how to read"
            " it: its records would be missing without a word.",
        ),
        _rule(
            name="delivery_is_complete",
            severity="block",
            dimension="completeness",
            claim=expect("ExpectColumnValuesToBeNull", column="shortfall"),
            offenders="shortfall is not null",
            observed="shortfall",
            next_step="Fetch what is missing into the folder of {source}, beside the rest, then run"
            " again. To go on with what arrived: {accept}",
            description="The vendor's manifest is written last and names every file with its size"
            " and its records; until all is as it says, the window is not whole.",
        ),
        _rule(
            name="vendor_digests_agree",
            severity="warn",
            dimension="consistency",
            claim=expect("ExpectColumnValuesToBeNull", column="doubt"),
            offenders="doubt is not null",
            observed="doubt",
            next_step="Fetch the files of {source} again if the vendor still has them; if they come"
            " the same, they were changed after the manifest was written.",
            description="A digest that differs at the right size and the right count of records"
            " means altered bytes, not missing ones: there are published exports whose manifest is"
            " wrong. What counts is judged by size and count.",
        ),
    )
