"""Tiny files of every source, written by the tests, and tags that could break things."""

import csv
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

HOSTILE_TAGS = (
    '<script>alert("x")</script>',
    "<b>bold</b>&amp;&lt;",
    "'; DROP TABLE tags; --",
    "quoted \"inside\" and 'so'",
    '"',
    "comma, semicolon; pipe | tab-less",
    "Ω≈ç√ 音楽 🎸 عربي",
    "e\u0301 is not \u00e9",
    "bell\x07 escape\x1b[31m delete\x7f",
    "nul\x00inside",
    "right-to-left \u202e override",
    "line\u2028separator\u0085next",
    "=1+1",
    "../../etc/passwd",
    "NaN",
    "null",
    "x" * 400,
    " leading and trailing ",
    "%s {0} ${HOME}",
    "\ufeffbyte order mark",
)


def write_lastfm(
    path: Path,
    tracks: Sequence[object] = ("TRA", "TRB", "TRC"),
    tags: Sequence[object] = ("rock", "pop", "jazz"),
    pairs: Sequence[tuple[object, object, object]] = ((1, 1, 100), (1, 2, 40), (2, 1, 7), (3, 9, 50)),
    holes: Sequence[int] = (),
) -> Path:
    """Write a `lastfm_tags.db`; bytes become text, undecodable or not; tags at ROWIDs in `holes` go."""
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE tids (tid TEXT)")
        database.execute("CREATE TABLE tags (tag TEXT)")
        database.execute("CREATE TABLE tid_tag (tid INT, tag INT, val FLOAT)")
        for table, values in (("tids", tracks), ("tags", tags)):
            for value in values:
                database.execute(f"INSERT INTO {table} VALUES (CAST(? AS TEXT))", (value,))  # noqa: S608
        database.executemany("DELETE FROM tags WHERE ROWID = ?", [(hole,) for hole in holes])
        database.executemany("INSERT INTO tid_tag VALUES (?, ?, ?)", pairs)
    database.close()
    return path


def write_magnatagatune(folder: Path, info: bool = True) -> Path:
    """Write `annotations_final.csv` (one bad cell, one short row) and `clip_info_final.csv` to a folder."""
    annotations = folder / "annotations_final.csv"
    rows = [
        ["clip_id", "no voice", "guitar", "opera", "mp3_path"],
        ["2", "1", "0", "0", "f/a-30-59.mp3"],
        ["6", "1", "1", "0", "f/b-30-59.mp3"],
        ["10", "0", "0", "?", "f/c-30-59.mp3"],
    ]
    with annotations.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter="\t", quoting=csv.QUOTE_ALL).writerows(rows)
        file.write('"11"\t"0"\n')
    if info:
        lines = [
            "clip_id\ttrack_number\ttitle\tartist\talbum\turl",
            '2\t1\t"BWV54 - I Aria"\tAmerican Bach Soloists\tCantatas\thttp://x',
            "6\t2\tSecond\tAmerican Bach Soloists\tCantatas\thttp://x",
        ]
        (folder / "clip_info_final.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return annotations


JAMENDO_HEADER = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS"


def jamendo_row(track: int, *tags: str, artist: int = 1) -> str:
    """One row of an MTG-Jamendo file."""
    about = (f"track_{track:07}", f"artist_{artist:06}", "album_000001", f"{track}/{track}.mp3", "124.6")
    return "\t".join((*about, *tags))


def write_jamendo(folder: Path) -> Path:
    """Write a split folder: two categories, one name that both have, one row cut short."""
    genre = [
        JAMENDO_HEADER,
        jamendo_row(1, "genre---rock", "genre---ambient"),
        jamendo_row(2, "genre---rock"),
    ]
    mood = [JAMENDO_HEADER, jamendo_row(2, "mood/theme---ambient", "mood/theme---happy"), "track_0000009"]
    test = [JAMENDO_HEADER, jamendo_row(3, "genre---jazz", artist=2)]
    for name, lines in (("genre-train", genre), ("moodtheme-train", mood), ("genre-test", test)):
        text = "\r\n".join(lines) + "\r\n"
        (folder / f"autotagging_{name}.tsv").write_text(text, encoding="utf-8", newline="")
    return folder


def write_table(folder: Path) -> Path:
    """Write a CSV of rows; one row has no tag."""
    path = folder / "tags.csv"
    path.write_text("track,tag,weight\nA,rock,3\nB,rock,1\nA,pop,0.5\nB,,2\n", encoding="utf-8")
    return path


def write_matrix(folder: Path) -> Path:
    """Write a matrix of two tracks and three tags, and the names of both; a track and a tag have nothing."""
    np.save(folder / "labels.npy", np.array([[1, 0, 1], [0, 0, 0]]))
    (folder / "tags.txt").write_text("rock\npop\njazz\n", encoding="utf-8")
    (folder / "tracks.txt").write_text("A\nB\n", encoding="utf-8")
    return folder / "labels.npy"


def write_folders(folder: Path) -> Path:
    """Write folders by class; one file is no sound, one is in no folder."""
    for place in (
        "genres/rock/a.wav",
        "genres/rock/b.mp3",
        "genres/pop/a.wav",
        "genres/pop/notes.txt",
        "genres/c.wav",
    ):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(b"never opened")
    return folder / "genres"


MUSIXMATCH = """# The official musiXmatch lyrics collection for the Million Song Dataset
%the,i,you,null
TRAAAAV128F421A322,4623710,1:6,2:4,4:2
TRAAABD128F429CF47,6477168,1:10,9:1,0:3
# a comment between
TRAAAEF128F4273421,3759847,1:5,2:4,x:1,2,3:0
TRAAAAV128F421A322,1,1:1
TRALONE
"""


def write_musixmatch(folder: Path) -> Path:
    """Write a file of bags of words: numbers of no word, what is no pair, a song twice, and one without."""
    path = folder / "mxm_dataset_train.txt"
    path.write_text(MUSIXMATCH, encoding="utf-8")
    return path


TARGET_LIST = """0\tgenres/disco/disco.00038.au\ttest\tdisco
1\t/genres/rock/rock.00001.au\ttrain\trock
2\tgenres/rock/rock.00002.au\tvalid\trock
3\tgenres/rock/rock.00002.au\ttrain\tdisco
4\tno label
"""


def write_target_list(folder: Path) -> Path:
    """Write a list of tracks with part and label: one track twice, and one without a label."""
    path = folder / "GTZAN_filtered_dataset.info"
    path.write_text(TARGET_LIST, encoding="utf-8")
    return path


def write_irmas(folder: Path) -> Path:
    """Write training folders and a testing part: a file of another name, a text that lists none, a code that
    is none, and a file that is no sound.
    """
    for place in (
        "cel/008__[cel][nod][cla]0058__1.wav",
        "cel/[cel][cla]0001__2.wav",
        "pia/[pia][pop_roc]1287__2.wav",
        "pia/[pia][pop_roc]1287__3.wav",
        "pia/solo.wav",
        "Part1/Abschied-10.wav",
        "Part1/Abschied-12.wav",
        "README.pdf",
    ):
        (folder / "IRMAS" / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / "IRMAS" / place).write_bytes(b"never opened")
    (folder / "IRMAS/Part1/Abschied-10.txt").write_text("pia\t\r\nvoi\t\r\nkaz\r\n")
    (folder / "IRMAS/Part1/Abschied-12.txt").write_text("\n")
    return folder / "IRMAS"


def write_musdb(folder: Path) -> Path:
    """Write songs as folders and as a file of five sounds, a file of no sound, and one named as no song."""
    for place in (
        *(f"train/A - One/{part}.wav" for part in ("mixture", "vocals", "drums", "bass", "other")),
        "train/M.E.R.C. Music - Two - Three/mixture.wav",
        "test/B - PR.stem.mp4",
        "test/solo.stem.mp4",
        "README.md",
    ):
        (folder / "musdb18" / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / "musdb18" / place).write_bytes(b"never opened")
    return folder / "musdb18"


def write_gtzan(folder: Path) -> Path:
    """Write folders of genres and lists of two parts: a file of another name, one that two lists name."""
    for place in (
        "genres/blues/blues.00000.wav",
        "genres/blues/blues.00001.wav",
        "genres/disco/disco.00038.au",
        "genres/disco/disco.00039.au",
        "genres/disco/mixtape.au",
        "genres/bextract.mf",
    ):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(b"never opened")
    (folder / "genres/train_filtered.txt").write_text("blues/blues.00000.wav\ndisco/disco.00038.wav\n")
    (folder / "genres/valid_filtered.txt").write_text("blues/blues.00001.wav\ndisco/disco.00038.wav\n")
    return folder / "genres"


FMA_HEADER = (
    ("", "album", "artist", "set", "set", "track", "track", "track", "track"),
    ("", "title", "name", "split", "subset", "genre_top", "genres", "genres_all", "title"),
    ("track_id", *[""] * 8),
)


def write_fma(folder: Path, rows: Sequence[Sequence[object]] | None = None) -> Path:
    """Write `tracks.csv` and `genres.csv`: a track of no one genre, one of another subset, a row cut short,
    and a title of two lines.
    """
    usual = (
        (2, "AWOL", "AWOL", "training", "small", "Hip-Hop", "[21]", "[21]", 'Food, "hot"\nand cold'),
        (148, "Blank", "Contradiction", "validation", "medium", "", "[1, 38]", "[1, 38, 5]", "Castle"),
        (181, "Hit", "Abominog", "test", "medium", "Rock", "[45]", "[45, 12]", "Wire Up"),
        (182, "Hit", "Abominog", "test", "large", "Rock", "[45]", "[45, 12]", "Amoebiasis"),
        (183, "cut"),
    )
    with (folder / "tracks.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([*FMA_HEADER, *(usual if rows is None else rows)])
    genres = "genre_id,#tracks,parent,title,top_level\n21,1,0,Hip-Hop,21\n1,1,38,Avant-Garde,38\n"
    genres += "38,1,0,Experimental,38\n12,1,0,Rock,12\n45,1,12,Loud-Rock,12\n"
    (folder / "genres.csv").write_text(genres)
    return folder


EXTENDED_BALLROOM = """<?xml version="1.0" encoding="UTF-8"?>
<ExtendedBallroom>
  <Chacha>
    <song id="100701" artist="A &amp; B" title="Cha" album="One" bpm="124" hash="0"/>
    <song id="100702" artist="C" title="Cha again" album="Two" bpm="125.5" hash="1" version="100701"/>
    <song id="" title="none"/>
  </Chacha>
  <Wcswing>
    <song id="100800" artist="D" title="West" album="" bpm="?" hash="2"><exact id="100702"/></song>
    <song id="100801" artist="E" title="Coast" hash="3"/>
  </Wcswing>
</ExtendedBallroom>
"""


def write_extended_ballroom(folder: Path) -> Path:
    """Write the XML: a song without a number, a tempo that is none, and three songs of one recording."""
    (folder / "extendedballroom_v1.1.xml").write_text(EXTENDED_BALLROOM, encoding="utf-8")
    return folder


SONGS_INFO = """song_id,file_name,Artist,Song title,start of the segment (min.sec),Genre,Mediaeval 2013 set
2,2.mp3,\tThe New Mystikal Troubadours\t,\tTonight A Lonely Century\t,0.05,\tBlues\t,development
3,3.mp3,\tKevin\t,\tWaiting\t,0.12,\tRock\t,evaluation
4,4.mp3,nobody rated,it,0.1,Rock,development
"""


def write_music_emotion(folder: Path) -> Path:
    """Write annotations and what tells of songs: one out of range, one without annotations, and no number."""
    annotations = "song_id,mean_arousal,std_arousal,mean_valence,std_valence\n"
    annotations += "2,3.1,0.99,3.0,0.67\n3,3.5,1.9,3.3,1.7\n5,5.7,1.4,0,1.6\nsong,1,1,1,1\n"
    (folder / "annotations").mkdir(exist_ok=True)
    (folder / "annotations/static_annotations.csv").write_text(annotations)
    (folder / "annotations/songs_info.csv").write_text(SONGS_INFO)
    return folder


def write_files(folder: Path, files: dict[str, str]) -> Path:
    """Write files of text to a folder."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def write_hetrec(folder: Path) -> Path:
    """Write HetRec's files of Last.fm, with a tag of no name and a play of no count."""
    return write_files(
        folder,
        {
            "artists.dat": 'id\tname\turl\tpictureURL\n1\tOne "A" band\tu\tp\n2\tTwo\tu\tp\n3\tThree\tu\tp\n',
            "tags.dat": "tagID\ttagValue\n10\trock\n11\tpop\n",
            "user_taggedartists.dat": "userID\tartistID\ttagID\tday\tmonth\tyear\n"
            "7\t1\t10\t1\t4\t2009\n8\t1\t10\t1\t4\t2009\n7\t2\t11\t1\t4\t2009\n7\t2\t99\t1\t4\t2009\n",
            "user_artists.dat": "userID\tartistID\tweight\n7\t1\t13883\n7\t2\t0\n8\t1\t5\n8\t3\t2\n",
        },
    )


def write_goodbooks(folder: Path) -> Path:
    """Write Goodbooks' files, with a count below 0, a book of no number here and a book rated twice."""
    return write_files(
        folder,
        {
            "books.csv": "book_id,goodreads_book_id,authors,title\n"
            '1,900,A,First\n2,901,"B, C","Second, too"\n',
            "tags.csv": "tag_id,tag_name\n0,-\n1,fantasy\n",
            "book_tags.csv": "goodreads_book_id,tag_id,count\n900,1,50\n901,0,-1\n901,1,2\n555,1,3\n",
            "ratings.csv": "user_id,book_id,rating\n1,1,5\n2,1,4\n2,2,1\n2,1,3\n",
        },
    )


def write_movielens(folder: Path) -> Path:
    """Write MovieLens's files; one movie has no tags, one row of ratings is short."""
    return write_files(
        folder,
        {
            "movies.csv": 'movieId,title,genres\n1,Toy (1995),Comedy\n2,"Two, The",Drama\n',
            "tags.csv": "userId,movieId,tag,timestamp\n3,1,funny,1\n4,1,funny,2\n4,1,Pixar,2\n4,2,,2\n",
            "ratings.csv": "userId,movieId,rating,timestamp\n3,1,4.0,9\n3,2,0.5,9\n4,1\n4,1,x,9\n5,2,3.5,9\n",
        },
    )


def write_citeulike(folder: Path) -> Path:
    """Write citeulike's files, with a tag of no article and an article that no line is of."""
    return write_files(
        folder,
        {
            "tags.dat": "genes\nnetworks\nunused\n",
            "item-tag.dat": "2 0 1\n0\n1 1\n",
            "users.dat": "2 0 2\n1 1\n2 2 77\n",
        },
    )


def write_lfm1b(folder: Path) -> Path:
    """Write LFM-1b's files: two artists of one name, one without a genre, an event without a user."""
    (folder / "LFM-1b_UGP").mkdir()
    write_files(
        folder / "LFM-1b_UGP",
        {
            "genres_allmusic.txt": "rnb\nrock\njazz\n",
            "LFM-1b_artist_genres_allmusic.txt": 'One "A"\t1\t2\nTwo\t2\nNobody here\t0\n',
            "genres_freebase.txt": "folk\n",
            "LFM-1b_artist_genres_freebase.txt": "Bare\t0\n",
        },
    )
    return write_files(
        folder,
        {
            "LFM-1b_artists.txt": '11\tOne "A"\n12\tTwo\n13\tTwo\n14\tBare\n',
            "LFM-1b_albums.txt": "21\tFirst\t11\n22\tSecond\t12\n",
            "LFM-1b_tracks.txt": "31\tSong\t11\n32\tOther\t12\n33\tPlain\t14\n",
            "LFM-1b_users.txt": "user_id\tcountry\tage\tgender\tplaycount\tregistered_unixtime\n"
            "7\tAT\t31\tm\t100\t1100000000\n8\t\t-1\tn\t5\t1100000000\n",
            "LFM-1b_LEs.txt": "7\t11\t21\t31\t1325376000\n7\t11\t21\t31\t1325376060\n"
            "7\t12\t22\t32\t1325376120\n8\t14\t-1\t33\t1325376180\n\t14\t-1\t33\t1325376240\n",
        },
    )


TINY: dict[str, Callable[[Path], Path | None]] = {
    "demo": lambda folder: None,
    "lastfm": lambda folder: write_lastfm(folder / "lastfm_tags.db"),
    "magnatagatune": write_magnatagatune,
    "jamendo": write_jamendo,
    "table": write_table,
    "matrix": write_matrix,
    "folders": write_folders,
    "musixmatch": write_musixmatch,
    "target-list": write_target_list,
    "gtzan": write_gtzan,
    "fma": write_fma,
    "extended-ballroom": write_extended_ballroom,
    "irmas": write_irmas,
    "musdb": write_musdb,
    "music-emotion": write_music_emotion,
    "hetrec": write_hetrec,
    "goodbooks": write_goodbooks,
    "movielens": write_movielens,
    "citeulike": write_citeulike,
    "lfm-1b": write_lfm1b,
}
