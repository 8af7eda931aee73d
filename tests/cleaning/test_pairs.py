"""Pairs of tags that must not merge and pairs that should, many of them; how many come out right."""

import json
from pathlib import Path

import pytest
from rapidfuzz.distance import JaroWinkler

from taglab.cleaning import Typos
from tests.cleaning.made import with_counts

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text(encoding="utf-8"))

APART = """
ballet/ballad, bass/brass, beat/beats, blue/blues, bossa/boss, calm/clam, celtic/celtics,
chill/chili, choir/chair, cold/gold, comedy/comedic, cover/covers, cute/cutie, dark/dork,
disco/discos, doom/boom, dream/drum, drone/drones, duet/duets, electric/eclectic, epic/ethic,
fado/fade, fast/feast, fiddle/middle, flute/fluke, french/fresh, fun/funk, fusion/confusion,
garage/garbage, german/germany, glam/glum, gospel/gossip, goth/gotham, grime/crime, groove/grove,
grunge/grudge, guitar/sitar, happy/hippy, hardcore/hardcover, harp/harsh, hip hop/trip hop,
horror/honor, industrial/industry, intense/immense, italian/italy, jam/jamaica, japan/japanese,
jungle/jingle, latin/satin, lounge/lunge, lovely/lonely, male/female, math/bath, mellow/yellow,
metal/mental, moody/muddy, moving/movie, new wave/new age, nordic/nordick, opera/operatic,
piano/pianos, polka/polar, pop/poppy, post rock/post punk, pretty/petty, progressive/regressive,
punk/pink, rain/train, ragga/raga, reggae/ragga, relaxing/relating, roots/robots, russian/prussian,
sad/said, salsa/salt, sax/sex, scream/stream, sexy/sex, ska/sky, slow/flow, soft/sort, soul/soil,
spanish/danish, strings/springs, summer/simmer, surf/serf, swing/sting, swedish/sweden,
techno/tech, thrash/trash, trance/france, tribal/trial, tribute/tribe, turkish/turkey,
upbeat/update, urban/turban, vocal/local, warm/worm, weird/wired, winter/water, world/word,
90s/00s, 1991/1992, top 10/top 100, top 40/top 50, 4 stars/5 stars, male vocalist/female vocalist,
sad song/sad songs, live/alive, slow jam/slow jams, dub/dubstep, house/horse, acid jazz/acid house,
east coast/west coast, deathcore death/core band, alt country/art country, rap metal/rap medal,
love song/love songs, british/brutish, scottish/skittish, finnish/finish, norwegian/norway,
croatian/croatia, cuban/cubana, indian/indiana, gothic/goth, melodic/melody, romantic/romance,
symphonic/symphony, acoustic/acoustics, melancholic/melancholy, depressive/depressing,
instrumental/instruments, experimental/experiment, atmospheric/atmosphere, orchestral/orchestra,
energetic/energy,
"""
"""Two words each that both mean something of their own."""

SLIPS = """
alternatve/alternative, alternativ rock/alternative rock, ambiant/ambient, accoustic/acoustic,
amercian/american, atmospherick/atmospheric, beautful/beautiful, beatiful/beautiful,
brittish/british, britsh/british, calssical/classical, classsical/classical, chillot/chillout,
chilllout/chillout, contry/country, darkk/dark, depresive/depressive, drumm and bass/drum and bass,
eletronic/electronic, elecronic/electronic, elctronic/electronic, electrnoica/electronica,
emtoional/emotional, energitic/energetic, experimantal/experimental, expermental/experimental,
favoritte/favorite, femal vocalists/female vocalists, female vocalits/female vocalists, fokl/folk,
funnny/funny, ghotic/gothic, gothik/gothic, guittar/guitar, hapy/happy, happpy/happy,
hardocre/hardcore, havy metal/heavy metal, heavvy metal/heavy metal, hip hopp/hip hop,
indsutrial/industrial, industral/industrial, insturmental/instrumental, instrumetal/instrumental,
japanesse/japanese, lonuge/lounge, mellancholy/melancholy, melancholly/melancholy,
melodick/melodic, metall/metal, mettal/metal, orchestrel/orchestral, orchestal/orchestral,
pianno/piano, progresive/progressive, progressve/progressive, psychedelik/psychedelic,
psycadelic/psychedelic, punnk/punk, regae/reggae, raggae/reggae, relaxng/relaxing,
relaxinng/relaxing, rockk/rock, romanitc/romantic, romantik/romantic, sentimantal/sentimental,
shoegase/shoegaze, shoegazze/shoegaze, singer songwritter/singer songwriter, soundtrak/soundtrack,
soudtrack/soundtrack, spannish/spanish, swedihs/swedish, symhponic/symphonic, symphonick/symphonic,
tecno/techno, thecno/techno, trip hopp/trip hop, upbeet/upbeat, vocalls/vocals,
beautifull/beautiful, beutiful/beautiful, awesomme/awesome, awsome/awesome, brilliannt/brilliant,
briliant/brilliant,
"""
"""A slip, and what was meant by it."""

HARD = """
christina/christian, christine/christian, brain/brian, scared/sacred, beatles/beetles, anna/ana,
martina/marina,
nuclear/unclear, dairy/diary, poop/pop, coma/comma, michel/michael, topical/tropical, hated/hatred,
sooth/smooth, inane/insane, trite/triste, Bela/bella, Festa/fiesta, meth metal/math metal, tangy/twangy,
casual/causal, trail/trial, silver/sliver, united/untied, desert/dessert, martial/marital, angel/angle,
calm/clam, bizarre/bazaar, moaning/mooning, weekly/weakly, quirky/quickly, creepy/creamy, gloom/glory,
classy/glassy, misty/musty, dusty/dusky, lush/lust, wistful/wishful, learning/yearning, sensual/sensuous,
serene/serenade, eternal/external, tribe/tripe, psychic/physic, mortal/moral, perspective/prospective,
prophet/profit, silence/science, surge/serge, vein/vain, vital/viral, wander/wonder, theater/cheater,
ember/amber, vampire/umpire, flame/frame, haunt/hunt, insect/incest, maiden/maidens, orchard/orchid,
parade/parody, planet/plant, portal/postal, quest/guest, rabbit/rabbi, satan/satin, shadow/shallow,
thunder/tinder, torch/touch, treasure/treason, unicorn/uniform, whisper/whiskers, wolf/wolves,
sarah/sara, erik/eric, karl/carl, jon/john, maria/marie, marion/marian, daniel/danielle, nicolas/nicholas,
katherine/catherine, julian/julia, helen/helena, martin/marvin, rachel/rachael, stuart/stewart,
victoria/victoria's, alice/alicia, angela/angola, francis/francais, jessie/jesse, laura/lara, lisa/liza,
fiction/friction, farmer/former, fight/flight, father/feather, leather/lather, heather/heater,
massage/message, lightning/lighting, current/currant, compete/complete, contract/contrast, fried/friend,
greet/great, growing/growling, hoot/hot, settle/seattle, sledge/sludge, strangle/strange, strung/strong,
supper/super, veil/evil, warship/worship, parting/partying, peasant/pleasant, poplar/popular, coral/choral,
signing/singing, sober/somber, decent/descent, debut/debit, cartoon/carton, better/bitter, boring/bring,
"""
"""Words and names that are a letter apart, most of them not of music."""


def pairs(text: str) -> list[tuple[str, str]]:
    found = [tuple(pair.strip().split("/")) for pair in text.replace("\n", " ").split(",") if pair.strip()]
    return [(one, other) for one, other in found]


@pytest.mark.parametrize(("one", "other"), [*pairs(APART), *pairs(HARD)])
def test_words_of_their_own_stay_apart(one: str, other: str) -> None:
    for counts in ({one: 40, other: 3}, {one: 3, other: 40}):
        mapping = Typos().plan(with_counts(counts)).mapping
        assert mapping.get(one) != (other,)
        assert mapping.get(other) != (one,)


def test_most_slips_are_mended_and_the_threshold_alone_would_not_do() -> None:
    mended = {
        (slip, meant)
        for slip, meant in pairs(SLIPS)
        if Typos().plan(with_counts({meant: 9, slip: 2})).mapping == {slip: (meant,)}
    }
    alike = [JaroWinkler.similarity(one, other) >= 0.9 for one, other in pairs(APART)]
    assert [len(mended), len(pairs(SLIPS)), sum(alike), len(alike)] == GOLDEN["pairs"]
    assert len(mended) / len(pairs(SLIPS)) >= 0.85
    assert sum(alike) > len(alike) / 2, "all of these the source would merge"


def test_of_what_is_merged_next_to_all_is_meant_so() -> None:
    """Words apart and slips at once, much used and little used, as a data set would have them."""
    counts: dict[str, int] = {}
    apart = {frozenset(pair) for pair in [*pairs(APART), *pairs(HARD)]}
    slips = dict(pairs(SLIPS))
    for one, other in apart:
        counts |= {one: 60, other: 4}
    counts |= dict.fromkeys(slips.values(), 60) | dict.fromkeys(slips, 3)
    mapping = {tag: target for tag, (target,) in Typos().plan(with_counts(counts)).mapping.items()}
    right = [slips.get(tag) == target for tag, target in mapping.items()]
    assert len(apart) >= 200
    assert len(mapping) >= 0.8 * len(slips)
    assert sum(right) / len(right) >= 0.95
