"""Small tables of the words that event names are made of.

A line is a group of words that mean the same in event names, in the base form; the first is the
group's name. They were written by hand from the event references of Segment, GA4, Snowplow,
Amplitude, Mixpanel, HubSpot, Shopify and SendGrid, and are of general use: no word of one company.
"""

from __future__ import annotations

PHRASES = {
    "sign in": "login",
    "signed in": "login",
    "log in": "login",
    "logged in": "login",
    "sign out": "logout",
    "signed out": "logout",
    "log out": "logout",
    "logged out": "logout",
    "log off": "logout",
    "sign up": "signup",
    "signed up": "signup",
    "opt in": "optin",
    "opted in": "optin",
    "opt out": "optout",
    "opted out": "optout",
    "turn on": "enable",
    "turned on": "enable",
    "switch on": "enable",
    "switched on": "enable",
    "turn off": "disable",
    "turned off": "disable",
    "switch off": "disable",
    "switched off": "disable",
    "check out": "checkout",
    "wish list": "wishlist",
    "e mail": "email",
}
"""Words that belong together, as they stand in a name."""

ABBREVIATIONS = {
    "acct": "account",
    "app": "application",
    "apps": "application",
    "auth": "login",
    "btn": "button",
    "cfg": "configuration",
    "cc": "card",
    "doc": "document",
    "docs": "document",
    "fav": "favorite",
    "favourite": "favorite",
    "img": "image",
    "mail": "email",
    "msg": "message",
    "msgs": "message",
    "notif": "notification",
    "num": "number",
    "pay": "payment",
    "pic": "picture",
    "prefs": "preference",
    "promo": "promotion",
    "pwd": "password",
    "qty": "quantity",
    "reg": "register",
    "sub": "subscription",
    "tx": "transaction",
    "txn": "transaction",
    "unsub": "unsubscribe",
    "usr": "user",
    "vid": "video",
}
FORMS = {
    "began": "begin",
    "begun": "begin",
    "bought": "buy",
    "chosen": "choose",
    "done": "complete",
    "given": "give",
    "left": "leave",
    "lost": "lose",
    "made": "make",
    "paid": "pay",
    "read": "read",
    "seen": "see",
    "sent": "send",
    "shown": "show",
    "shut": "close",
    "sold": "sell",
    "taken": "take",
    "used": "use",
    "using": "use",
    "registration": "register",
    "authentication": "authenticate",
    "modification": "modify",
    "won": "win",
    "wrote": "write",
    "written": "write",
    "opened": "open",
    "listened": "listen",
    "entered": "enter",
    "delivered": "deliver",
    "registered": "register",
    "triggered": "trigger",
    "cancelled": "cancel",
    "canceled": "cancel",
    "canceling": "cancel",
    "cancelling": "cancel",
    "need": "need",
    "feed": "feed",
    "speed": "speed",
    "seed": "seed",
}
STOP_WORDS = """
a an and as at by event events for from has his into is it its my of on or our s the their this to
track tracking user users was were with your
"""

VERBS = """
start begin initiate commence launch kick
complete finish end conclude finalize
stop halt
pause suspend
resume unpause continue
open
close
view see display visit show read navigate look watch impression browse
click tap press touch select choose pick
submit send
enter input type provide fill
add put insert
remove
create new make build
delete destroy erase trash discard
update change edit modify adjust alter
rename
upload import attach
download export save
enable activate on allow grant permit
disable deactivate off
toggle switch
login authenticate
logout
signup register enroll join
optin consent
optout
subscribe follow
unsubscribe unfollow
share forward repost
invite
accept approve confirm agree
decline reject deny refuse dismiss
install
uninstall
upgrade
downgrade
play
try use
search find query lookup
apply redeem
buy purchase pay
refund
return
cancel void
fail error crash exception
abandon
expire
receive deliver
win
lose
book schedule reserve
rate review
like favorite upvote
unlike dislike downvote
connect link
disconnect unlink
lock
unlock
hide
expand
collapse
copy
restore
archive
mute
unmute
increase
decrease
bounce
block
unblock
empty clear
report mark flag
extend renew prolong
skip
post publish
comment reply
drop
defer delay
process
request ask
resolve
"""
"""Words for what is done. What a person does with a mouse or a finger is one group."""

THINGS = """
cart basket bag trolley
product item good sku article
order purchase transaction
payment billing
coupon discount voucher promocode
promotion banner offer
collection category
wishlist list favorite
caption subtitle
email newsletter
notification push alert
reminder alert
message chat
document form
tutorial guide help walkthrough lesson
video clip movie
advertisement ad ads
account profile customer
member teammate colleague
contact person lead
company organization organisation
page screen
session visit application
file attachment document
folder directory
preference setting consent
link url
quantity amount
invitation invite
permission
subscription plan
query search
picture image photo
error exception crash
"""
"""Words for what it is done to."""

OPPOSITES = """
start complete
start stop
start pause
start cancel
start abandon
complete cancel
complete abandon
play pause
play stop
pause resume
stop resume
open close
view hide
expand collapse
add remove
add delete
create delete
create remove
create archive
update delete
upload download
upload delete
upload remove
enable disable
login logout
signup logout
signup delete
optin optout
subscribe unsubscribe
subscribe optout
subscribe cancel
optin unsubscribe
share delete
share remove
accept decline
enable decline
submit cancel
install uninstall
upgrade downgrade
buy refund
buy return
buy cancel
submit receive
archive restore
delete restore
win lose
like unlike
connect disconnect
lock unlock
block unblock
mute unmute
increase decrease
copy delete
invite remove
invite accept
"""
"""Pairs of groups of VERBS that are never one act."""

SETBACKS = """
fail error crash exception decline cancel refund return abandon expire lose block bounce drop defer
empty no not never without denied invalid missing timeout
"""
"""What went wrong or was undone: a name with such a word and one without never mean one act."""

VAGUE = frozenset({"click", "submit"})
"""Groups of VERBS that say little where the name has another verb: `Clicked ... Upload`."""
