"""Small exports of HubSpot and Salesforce, written by hand in the vendors' documented forms."""

import hashlib
import json

CONFIG = """
home: home
taxonomy: taxonomy.yaml
reporting_timezone: America/New_York
sources:
  hub:
    vendor: hubspot
    location: exports/hub
    timezone: America/New_York
    currency: USD
    identity: {keys: {email: email}, user_field: App User ID}
  hub_labels:
    vendor: hubspot
    location: exports/hub_labels
    timezone: Europe/Berlin
    currency: EUR
    day_first: true
    decimal_comma: true
    won_stages: [Gewonnen]
    lost_stages: [Closed Won]
    columns: {id: Datensatz-ID, dealname: Deal-Name, dealstage: Deal-Phase, amount: Betrag,
      closedate: Abschlussdatum, createdate: Erstelldatum}
  hub_tables: {vendor: hubspot, location: exports/hub_tables, primary_contact: "7"}
  hub_api: {vendor: hubspot, location: exports/hub_api, identity: {keys: {email: email}}}
  sf:
    vendor: salesforce
    location: exports/sf
    timezone: America/Los_Angeles
    identity: {keys: {email: Email}, user_field: App_User__c}
  shop: {vendor: segment, location: exports/shop, identity: {keys: {email: email}}}
"""
TAXONOMY = """
version: 1
events:
  order_paid: {description: Paid., kind: macro, owner: sales}
"""

# labels in English, a wall clock, amounts as people see them
HUB_CONTACTS = """\
Record ID,First Name,Last Name,Email,Additional email addresses,App user ID,Last Modified Date
101,Ann,Lee,ann@example.com,ann.lee@example.org; al@example.net,u-1,2025-02-01 10:00
102,Bob,Ray,bob@example.com,,,2025-02-01 10:00
103,Eve,Nil,,,,2025-02-01 10:00
"""
HUB_DEALS = """\
Record ID,Deal Name,Amount,Deal Stage,Pipeline,Close Date,Create Date,Last Modified Date,Currency,\
Associated Contact IDs,Associated Company IDs
201,"Big, one","$12,500.50",Closed Won,Sales,2025-03-31 23:30,2025-01-05 09:00,2025-04-01 08:00,,\
102;101,9001;800
202,Open,,Qualified,Sales,2031-01-01 00:00,2025-01-05 09:00,2025-01-06 09:00,,,
203,Yen,1500,Closed Won,Sales,3/15/2025 2:30 PM,3/1/2025 2:30 PM,2025-03-15 15:00,JPY,103,
204,Words,twelve,Closed Won,Sales,2025-03-31 23:30,2025-01-05 09:00,2025-04-01 08:00,,101,
,Nameless,1,Closed Won,Sales,2025-03-31 23:30,2025-01-05 09:00,2025-04-01 08:00,,101,
205,Dinar,KWD 1.2345,Closed Lost,Sales,2025-03-31 23:30,2025-01-05 09:00,2025-04-01 08:00,,101,
"""
HUB_DEALS_LATER = """\
Record ID,Deal Name,Amount,Deal Stage,Pipeline,Close Date,Create Date,Last Modified Date,Currency,\
Associated Contact IDs,Associated Company IDs
202,Open,980,Closed Won,Sales,2025-05-02 00:00,2025-01-05 09:00,2025-05-02 09:00,,,
"""
HUB_LABELS = """\
Datensatz-ID;Deal-Name;Deal-Phase;Betrag;Abschlussdatum;Erstelldatum
1;Größe;Gewonnen;1.200 €;07.03.2025;01/02/2025 14:30
2;Klein;Closed Won;1.234.567,89;07.03.2025;01/02/2025 14:30
"""

TABLE_DEALS = """\
deal_id,is_deleted,deal_pipeline_id,deal_pipeline_stage_id,portal_id,property_dealname,\
property_amount,property_closedate,property_createdate,property_hs_lastmodifieddate,\
property_hs_merged_object_ids
401,false,a,s2,1,one,100.005,2025-02-28 00:00:00,2025-01-01 6:00:00,2025-03-01 00:00:00,400
402,false,b,s4,1,two,200,2025-02-28 00:00:00,2025-01-01 6:00:00,2025-03-01 00:00:00,
403,true,a,s2,1,gone,300,2025-02-28 00:00:00,2025-01-01 6:00:00,2025-03-01 00:00:00,
400,false,a,s1,1,loser,5,2025-02-28 00:00:00,2025-01-01 6:00:00,2025-02-01 00:00:00,
"""
TABLE_STAGES = """\
_fivetran_synced,closed_won,is_closed,display_order,probability,stage_id,label,pipeline_id
2025-01-01 00:00:00,FALSE,FALSE,1,0.2,s1,Talks,a
2025-01-01 00:00:00,TRUE,TRUE,2,1.0,s2,Done,a
2025-01-01 00:00:00,FALSE,FALSE,1,0.2,s3,Talks,b
2025-01-01 00:00:00,FALSE,TRUE,2,0.0,s4,Done,b
"""
TABLE_ENTRIES = """\
_fivetran_start,deal_id,_fivetran_active,_fivetran_end,date_entered,source,source_id,value
2025-01-01 6:00:00,401,FALSE,2025-02-02 6:49:18,2025-01-01 6:00:00,x,x,s1
2025-02-02 6:49:18,401,FALSE,2025-02-03 7:00:00,2025-02-02 6:49:18,x,x,s2
2025-02-03 7:00:00,401,FALSE,2025-02-04 7:00:00,2025-02-03 7:00:00,x,x,s1
2025-02-04 7:00:00,401,TRUE,2050-01-01 0:00:00,2025-02-04 7:00:00,x,x,s2
"""
TABLE_CONTACTS = """\
_fivetran_deleted,_fivetran_synced,property_email,id,property_createdate,\
property_hs_merged_object_ids,property_hs_calculated_merged_vids
FALSE,2025-04-02 11:16:05,x@example.com,77,2021-04-01 17:32:47,99;98,98:1617298367000;97:1617298368
FALSE,2025-04-02 11:16:05,y@example.com,1000,2021-04-01 17:32:47,,
"""
TABLE_MERGES = """\
canonical_vid,contact_id,vid_to_merge,_fivetran_synced,timestamp
77,77,66,2025-01-01 00:00:00,2024-10-08 15:50:57
"""
TABLE_PARTIES = """\
contact_id,deal_id,_fivetran_synced,type_id,category
1000,401,2025-01-01 00:00:00,3,HUBSPOT_DEFINED
99,401,2025-01-01 00:00:00,3,HUBSPOT_DEFINED
98,402,2025-01-01 00:00:00,3,HUBSPOT_DEFINED
1000,402,2025-01-01 00:00:00,7,USER_DEFINED
66,403,2025-01-01 00:00:00,3,HUBSPOT_DEFINED
"""


def _page(*results: dict) -> str:
    return json.dumps({"results": results, "paging": {"next": {"after": "1"}}}, indent=1)


API_DEALS = _page(
    {
        "id": "501",
        "properties": {
            "amount": "1500.00",
            "closedate": "2025-03-31T00:00:00Z",
            "createdate": "2025-01-01T00:00:00.000Z",
            "dealname": "A",
            "dealstage": "998",
            "pipeline": "p",
            "deal_currency_code": "GBP",
            "hs_lastmodifieddate": "2025-04-01T00:00:00.000Z",
            "hs_v2_date_entered_998": "2025-03-30T22:00:00.000Z",
        },
        "createdAt": "2025-01-01T00:00:00.000Z",
        "updatedAt": "2025-04-01T00:00:00.000Z",
        "archived": False,
        "associations": {"contacts": {"results": [{"id": "902", "type": "deal_to_contact"}]}},
    },
    {
        "id": "502",
        "properties": {"amount": None, "dealname": "B", "dealstage": "999", "pipeline": "p"},
        "createdAt": "2025-01-01T00:00:00.000Z",
        "updatedAt": "2025-04-01T00:00:00.000Z",
        "archived": True,
    },
)
API_OLD_DEALS = json.dumps(
    {
        "deals": [
            {
                "portalId": 1,
                "dealId": 503,
                "isDeleted": False,
                "properties": {
                    "dealname": {"value": "Old", "timestamp": 1},
                    "dealstage": {"value": "998"},
                    "pipeline": {"value": "p"},
                    "amount": {"value": "10"},
                    "closedate": {"value": "1740787200000"},
                    "createdate": {"value": "1735689600000"},
                },
            }
        ],
        "hasMore": False,
    }
)
API_CONTACTS = _page(
    {
        "id": "902",
        "properties": {"email": "Cy@Example.com", "firstname": "Cy", "lastname": None},
        "createdAt": "2024-01-01T00:00:00.000Z",
        "updatedAt": "2024-01-01T00:00:00.000Z",
        "archived": False,
    }
)
API_PIPELINES = _page(
    {
        "id": "p",
        "label": "Partners",
        "stages": [
            {"id": "998", "label": "In", "metadata": {"isClosed": "true", "probability": "1.0"}},
            {"id": "999", "label": "Out", "metadata": {"isClosed": "true", "probability": "0.0"}},
        ],
    }
)

# 18-character ids as in the public tables; the 15 characters before the last three are the same id
OPPORTUNITY, SECOND, THIRD = "006q000000HddohAAB", "006q000000Hbmd1AAB", "006q000000HddueAAB"
CONTACT, OTHER, LEAD = "0031G00000rfAvuQAE", "0031G00000qAfq1QAC", "00Q1G00000nDnM5UAK"
SF_OPPORTUNITIES = f"""\
"Id","IsDeleted","AccountId","Name","Description","StageName","Amount","CurrencyIsoCode",\
"CloseDate","IsClosed","IsWon","CreatedDate","SystemModstamp"
"{OPPORTUNITY}","false","001q000000wW9BeAAK","Café","two
lines, and ""quotes"" too","Besiegelt","1200.5","EUR","2025-02-28","true","true",\
"2025-01-01T10:00:00.000Z","2025-03-01T10:00:00.000Z"
"{SECOND}","true","","Gone","","Besiegelt","","EUR","2025-02-28","true","true",\
"2025-01-01T10:00:00.000Z","2025-03-01T10:00:00.000Z"
""".encode("cp1252")
SF_REPORT = f"""\
Opportunity ID,Opportunity Name,Stage,Amount,Amount Currency,Close Date,Created Date
{OPPORTUNITY[:15]},Café,Besiegelt,"EUR 1,200.50",EUR,2/28/2025,1/1/2025
{SECOND[:15]},Gone,Besiegelt,,EUR,2/28/2025,1/1/2025

"Won deals, by owner"
Copyright (c) 2000-2025 salesforce.com
Confidential Information - Do Not Distribute
Generated By: Ann 3/2/2025 10:00 AM"""
SF_ROLES = f"""\
Id,OpportunityId,ContactId,IsPrimary,Role
1,{OPPORTUNITY[:15]},{OTHER},false,
2,{OPPORTUNITY[:15]},{CONTACT[:15]},true,Buyer
"""
SF_HISTORY = f"""\
Id,OpportunityId,StageName,CreatedDate
1,{OPPORTUNITY},Besprochen,2025-01-01T10:00:00.000Z
2,{OPPORTUNITY},Besiegelt,2025-02-20T08:00:00.000Z
3,{OPPORTUNITY},Besiegelt,2025-02-27T08:00:00.000Z
"""
SF_STAGES = """\
Id,MasterLabel,ApiName,IsWon,IsClosed
1,Besiegelt,Besiegelt,true,true
2,Besprochen,Besprochen,false,false
"""
SF_CONTACTS = f"""\
Id,AccountId,Name,Email,ReportsToId,MasterRecordId,App_User__c,IsDeleted,SystemModstamp
{CONTACT},001q000000wW9BeAAK,Dee Fox,dee@example.com,,,,false,2025-01-01T10:00:00.000Z
{OTHER},,Dee Fox,,,{CONTACT[:15]},u-9,true,2025-01-01T10:00:00.000Z
"""
SF_LEADS = f"""\
Id,Email,Company,IsConverted,ConvertedContactId,ConvertedOpportunityId,CreatedDate,SystemModstamp
{LEAD},fox@example.com,C,true,{CONTACT[:15]},{SECOND},2025-01-01T10:00:00.000Z,\
2025-01-01T10:00:00.000Z
"""
SF_TREE = json.dumps(
    {
        "records": [
            {
                "attributes": {"type": "Opportunity", "referenceId": "OppRef1"},
                "Name": "Seed",
                "StageName": "Closed Won",
                "Amount": 10,
                "CloseDate": "2025-01-31",
                "CreatedDate": "2025-01-01T10:00:00.000+0000",
            }
        ]
    }
)
SF_PLAN = json.dumps([{"sobject": "Opportunity", "saveRefs": True, "files": ["tree.json"]}])
SF_MODE = f"""\
_fivetran_active,_fivetran_start,_fivetran_end,id,is_deleted,stage_name,amount,close_date,\
is_closed,is_won,created_date
false,2025-01-01 10:00:00,2025-02-01 10:00:00,{THIRD},false,Besprochen,7,2025-02-15,\
false,false,2025-01-01 10:00:00
true,2025-02-01 10:00:00,9999-12-31 23:59:59,{THIRD},false,Besiegelt,7,2025-02-15,\
true,true,2025-01-01 10:00:00
"""


def _call(number: int, user: str | None, email: str | None) -> str:
    at = "2025-01-02T03:04:05.000Z"
    hashed = hashlib.sha256(email.encode()).hexdigest() if email else None
    return json.dumps(
        {
            "type": "track",
            "event": "Order Paid",
            "messageId": f"m{number}",
            "userId": user,
            "anonymousId": f"a{number}",
            "properties": {"email": hashed} if hashed else {},
            "context": {"library": {"name": "js", "version": "1"}},
            **dict.fromkeys(("originalTimestamp", "sentAt", "receivedAt", "timestamp"), at),
        }
    )


SHOP = "\n".join(
    [
        _call(1, "u-1", None),
        _call(2, "u-2", "al@example.net"),
        _call(3, "u-3", "cy@example.com"),
        _call(4, "u-9", None),
        _call(5, "u-5", "fox@example.com"),
        _call(6, "u-6", "nobody@example.com"),
        "",
    ]
)

FILES: dict[str, str | bytes] = {
    "migration.yaml": CONFIG,
    "taxonomy.yaml": TAXONOMY,
    "exports/hub/contacts.csv": HUB_CONTACTS,
    "exports/hub/deals-2025-04.csv": HUB_DEALS,
    "exports/hub/deals-2025-05.csv": HUB_DEALS_LATER,
    "exports/hub_labels/deals.csv": HUB_LABELS,
    "exports/hub_tables/deal.csv": TABLE_DEALS,
    "exports/hub_tables/deal_pipeline_stage.csv": TABLE_STAGES,
    "exports/hub_tables/deal_stage.csv": TABLE_ENTRIES,
    "exports/hub_tables/contact.csv": TABLE_CONTACTS,
    "exports/hub_tables/contact_merge_audit.csv": TABLE_MERGES,
    "exports/hub_tables/deal_contact.csv": TABLE_PARTIES,
    "exports/hub_api/deals.json": API_DEALS,
    "exports/hub_api/old_deals.json": API_OLD_DEALS,
    "exports/hub_api/contacts.json": API_CONTACTS,
    "exports/hub_api/pipelines.json": API_PIPELINES,
    "exports/sf/Opportunity.csv": SF_OPPORTUNITIES,
    "exports/sf/report.csv": SF_REPORT,
    "exports/sf/OpportunityContactRole.csv": SF_ROLES,
    "exports/sf/OpportunityHistory.csv": SF_HISTORY,
    "exports/sf/OpportunityStage.csv": SF_STAGES,
    "exports/sf/Contact.csv": SF_CONTACTS,
    "exports/sf/Lead.csv": SF_LEADS,
    "exports/sf/tree.json": SF_TREE,
    "exports/sf/plan.json": SF_PLAN,
    "exports/sf/history_mode.csv": SF_MODE,
    "exports/shop/calls.json": SHOP,
}
