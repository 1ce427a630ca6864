"""Points of lines, from numbers."""

from figures.pictures import HEIGHT, WIDTH, height, lines


def test_a_line_goes_from_edge_to_edge_and_its_ceiling_is_the_top():
    assert lines([0, 50, 100], 100) == [f"0.0,{HEIGHT} {WIDTH / 2},{HEIGHT / 2} {WIDTH},0.0"]


def test_a_gap_parts_the_line_and_a_lone_point_is_still_drawn():
    found = lines([10, 10, None, 10], 10)
    assert len(found) == 2
    assert found[1].split(" ")[0] == found[1].split(" ")[1]


def test_nothing_draws_nothing():
    assert lines([None, None], 10) == []
    assert lines([], 0) == []


def test_a_logarithmic_line_gives_each_tenfold_the_same_room():
    heights = [height(value, 1000, logarithmic=True) for value in (1, 10, 100, 1000)]
    assert [round(one) for one in heights] == [HEIGHT, 80, 40, 0]
