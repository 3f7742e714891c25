"""What it takes to be told of: constants with their reasons, set before any detector was tried.

All of them are conditions that must hold together: a departure is told when it is improbable, large
enough to matter, and of enough records. Times are days of data.
"""

from typing import Final

# A weekly cycle is seen once before anything is called unusual.
FEWEST_DAYS: Final = 7
# Four of each weekday; what lasts longer than half of it is the new normal, since medians follow.
WINDOW: Final = 28
# Weekends are held against weekends, and a holiday may be like one, once there are so many.
FEWEST_OF_A_CLASS: Final = 4

# Standard deviations of a departure. A source has some 300 series a day, so 9,000 a month; five
# leave one in 200 months if figures are normal, and shares of people's acts have fatter tails.
IMPROBABLE: Final = 5.0
# A spread told by H days is itself uncertain: the limit is wider by this over H.
SHORT_HISTORY: Final = 4.0
# The 80th percentile of departures gives the spread: unlike a median it sees the two days in seven
# that are a weekend, and still forgets a faulty week in four.
SPREAD_QUANTILE: Final = 0.8

# A share must move by so much of all: 2 points of 100, so that a loss of 3 % can be told.
SMALLEST_MOVE: Final = 0.02
# Fewer records than this are an anecdote.
FEWEST_RECORDS: Final = 10
FEWEST_ROWS: Final = 30

# A fit of hours of the day needs a day's shape: with fewer rows the best shift is a guess. Raised
# from 200 after a clean day of 244 rows was held; a rule that blocks must not guess.
FEWEST_FOR_HOURS: Final = 500
# One hour is the size of summer time and of a quiet day's noise: the time of receipt tells that.
SMALLEST_SHIFT: Final = 2
# Nats a row by which a shifted clock must fit better, and of all rows together.
SHIFT_GAIN: Final = 0.15
SHIFT_TOTAL_GAIN: Final = 30.0
# The shape must tell its own hour on so many of the days before, or it tells nothing.
SHIFT_KNOWN: Final = 0.9
# The lag of a platform is called moved from a minute on; phones differ by seconds.
CLOCK_SECONDS: Final = 60.0
# Below it, a wrong unit is single devices (quarantined, and told of by another rule).
EPOCH_SHARE: Final = 0.10

# With so many times a usual day's rows the shares of known users say nothing: strangers came.
FLOODED: Final = 1.3
# One user on that many devices in a day, and that many times what is usual.
MANY_DEVICES: Final = 10
MANY_TIMES: Final = 5.0
# Kinds of people (user, platform, country) behind one device id that are no one device.
MANY_KINDS: Final = 8

# So many times the usual device ids for the same events: a day of strangers has some more.
MORE_IDS: Final = 1.25
# A name of its own that takes an event's place brings about as many as that one lacks.
AS_MANY: Final = (0.6, 1.6)

# Values of a closed list: not more than that many, which cover most of what is sent.
CLOSED_LIST: Final = 30
CLOSED_COVER: Final = 0.9
# A value of a numeric property has jumped when it is out of all decades that hold so much.
USUAL_SIZE: Final = 0.01
# Half decades of the mean size: ten to the half is a factor of three.
SIZE_JUMP: Final = 0.5

# An event has vanished where no more than this part of what is usual came.
VANISHED: Final = 0.2
# A new name is told of when it has so much of the known one's usual events.
NEW_NAME: Final = 0.05
# Likeness (0 to 100) of two names that differ in more than case and punctuation.
NEAR_NAME: Final = 88.0
# A replay brings most of another delivery again.
REPLAYED: Final = 0.5

# Responses come in small counts: so much improbability (Poisson), and three times the usual.
FLOOD_PROBABILITY: Final = 1e-6
FLOOD_TIMES: Final = 3.0
FEWEST_RESPONSES: Final = 5
# Scores of a question before and after: fewer do not show a scale.
FEWEST_SCORES: Final = 20
SCALE_VALUES: Final = 15
# Usual scales, the narrowest first.
SCALES: Final = ((1, 5), (1, 7), (0, 10), (0, 100))

# Acts that are found alone more often than that are no companions.
ALONE: Final = 0.05
# People who lack what all had: fewer are an anecdote, though none was there before.
FEWEST_ALONE: Final = 5
