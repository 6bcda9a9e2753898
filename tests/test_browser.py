"""The label page in a real browser: what an annotator sees, marks with the mouse and submits."""

import os
import shutil
import uuid

import msgspec
import pytest

from campaigns import FACE
from conftest import add_gold
from debian import needed
from khabar.campaign.environment import admin
from khabar.campaign.folder import new_campaign
from khabar.campaign.load import Load
from khabar.campaign.pull import pull
from khabar.campaign.push import push

pytestmark = pytest.mark.server

BROWSER, DRIVER = "chromium", "chromedriver"
SECONDS = 60
SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--window-size=1500,1000",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
# Where the characters of some words are on the screen.
PLACE = """
const [words] = arguments;
const root = document.querySelector(".khabar .lsf-htx-richtext");
const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const at = node.data.indexOf(words);
  if (at < 0) continue;
  const range = document.createRange();
  range.setStart(node, at);
  range.setEnd(node, at + words.length);
  node.parentElement.scrollIntoView({block: "center"});
  const box = range.getBoundingClientRect();
  return [box.left, box.right, box.top + box.height / 2];
}
return null;
"""
BOXES = """
const bar = document.querySelector(".khabar .bar").getBoundingClientRect();
const last = [...document.querySelectorAll(".khabar .lsf-richtext__line")].at(-1);
last.scrollIntoView({block: "end"});
const line = last.getBoundingClientRect(), stuck = document.querySelector(".khabar .bar").getBoundingClientRect();
return {height: bar.height, moved: bar.top - stuck.top, bar: stuck.bottom, line: line.top, window: innerHeight};
"""


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium; selenium fetches nothing by itself."""
    needed(lambda: [name for name in (BROWSER, DRIVER) if shutil.which(name) is None], "chromium", "chromium-driver")
    os.environ |= {"SE_OFFLINE": "true", "SE_AVOID_STATS": "true"}
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which(BROWSER)
    for switch in SWITCHES:
        options.add_argument(switch)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which(DRIVER)))
    yield driver
    driver.quit()


class Annotator:
    """A person at the label page."""

    def __init__(self, browser, studio):
        self.browser = browser
        self.studio = studio
        self.url = studio.status().url

    def wait(self, condition):
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.browser, SECONDS).until(lambda _: condition())

    def all(self, selector):
        return self.browser.find_elements("css selector", selector)

    def log_in(self):
        account = admin(self.studio.folder)
        self.browser.get(f"{self.url}/user/login/")
        if not self.all("[name=email]"):
            return
        self.all("[name=email]")[0].send_keys(account.email)
        self.all("[name=password]")[0].send_keys(account.password)
        self.all("button[type=submit]")[0].click()
        self.wait(lambda: "login" not in self.browser.current_url)

    def open(self, project, task):
        self.log_in()
        self.browser.get(f"{self.url}/projects/{project}/data?task={task}")
        self.wait(lambda: self.all(".khabar .lsf-htx-richtext"))
        self.wait(lambda: self.all(".khabar .htx-highlight"))

    def press(self, key):
        from selenium.webdriver import ActionChains

        ActionChains(self.browser).send_keys(key).perform()

    def drag_over(self, words):
        """Drag the mouse over words that are written from right to left."""
        from selenium.webdriver.common.actions.action_builder import ActionBuilder

        self.browser.execute_script(PLACE, words)
        left, right, middle = self.browser.execute_script(PLACE, words)
        mouse = ActionBuilder(self.browser)
        mouse.pointer_action.move_to_location(int(right - 0.6), int(middle)).pointer_down()
        mouse.pointer_action.move_to_location(int(left + right) // 2, int(middle))
        mouse.pointer_action.move_to_location(int(left) + 1, int(middle)).pointer_up()
        mouse.perform()

    def marked(self):
        """Return the words of each highlight by the label that its chip shows."""
        chips = [
            (each.get_attribute("data-label"), each.text) for each in self.all(".khabar .htx-highlight[data-label]")
        ]
        return {label.split(":")[-1]: words for label, words in chips if label}

    def click(self, words):
        from selenium.webdriver.common.actions.action_builder import ActionBuilder

        left, right, middle = self.browser.execute_script(PLACE, words)
        mouse = ActionBuilder(self.browser)
        mouse.pointer_action.move_to_location(int(left + right) // 2, int(middle)).click()
        mouse.perform()

    def select(self, words, label):
        """Click on words of a region and wait until it is selected."""
        self.click(words)
        self.wait(lambda: label in [each.text.split()[0] for each in self.all(".khabar .bar .lsf-label_selected")])

    def write(self, control, words):
        (field,) = [each for each in self.all(f'.khabar input[name="{control}"]') if each.is_displayed()]
        field.send_keys(f"{words}\n")
        self.wait(lambda: any(words == each.text for each in self.all('[data-testid="htx-textbox-content"]')))

    def link(self, head, tail):
        """Draw a relation, and leave it without a label."""
        from selenium.webdriver import ActionChains, Keys

        self.select(*head)
        ActionChains(self.browser).key_down(Keys.ALT).send_keys("r").key_up(Keys.ALT).perform()
        self.click(tail)

    def submit(self):
        (button,) = [each for each in self.all("button") if each.text == "Submit"]
        button.click()
        self.wait(lambda: any(each.text == "Update" for each in self.all("button")))


def begin(corpus, door, tmp_path, marked):
    """Push an article with its gold as a model's prediction; return the campaign, the text and the task's number."""
    key = add_gold(corpus, "open", uuid.uuid4().hex[:8], marked)
    gold = corpus.gold_of(corpus.article(key))
    model = msgspec.structs.replace(gold, annotator="tagger-0.1", kind="model", layers=corpus.labels.layer_names)
    corpus.write_annotation(tmp_path / "p" / "one.json", model)
    campaign = new_campaign(corpus, f"b-{uuid.uuid4().hex[:12]}", corpus.labels.layer_names, [key])
    push(campaign, door, Load(predictions=tmp_path / "p"), lambda _: None)
    (page,) = door.pages(campaign.plan.projects["all"])
    return campaign, corpus.text(corpus.article(key)), msgspec.json.decode(page)["tasks"][0]["id"]


ARABIC = (
    f"[{FACE} [قالت](CUE id=c1) [[سلمى الحداد](PERS id=e1)](SOURCE id=s1): "
    f"[نفتح {FACE} مرفأ الريحان {FACE} غدًا](QUOTE id=q1 type=direct HAS_SOURCE=s1).](BODY id=b1 role=lead)"
)


def test_a_span_drawn_with_the_mouse_behind_emoji_lands_on_its_words(browser, studio, corpus, door, tmp_path):
    campaign, text, task = begin(corpus, door, tmp_path, ARABIC)
    annotator = Annotator(browser, studio)
    annotator.open(campaign.plan.projects["all"], task)

    seen = annotator.marked()
    annotator.press(corpus.labels.labels["GPE"].hotkey)
    annotator.drag_over("الريحان")
    annotator.wait(lambda: "GPE" in annotator.marked())
    before = browser.execute_script(PLACE, "قالت")
    annotator.select("الريحان", "GPE")
    after = browser.execute_script(PLACE, "قالت")
    annotator.press(next(each.hotkey for each in corpus.labels.attribute("GPE", "sense").values if each.name == "gov"))
    annotator.wait(lambda: annotator.all(".khabar .about input[name=gov]:checked"))
    annotator.write("norm-PERS", "ريحان")
    annotator.link(("غدًا", "QUOTE"), "قالت")
    annotator.submit()
    found = pull(campaign, door, lambda _: None)

    assert before == after  # the text stays where it is when a region is selected
    assert seen["PERS"] == "سلمى الحداد"
    assert set(seen) >= {"CUE", "PERS", "SOURCE", "QUOTE", "BODY"}
    assert found.away == ()
    (path,) = (campaign.folder / "annotations").glob("*/*.json")
    annotation = corpus.read_annotation(path)
    (made,) = [each for each in annotation.spans if each.label == "GPE"]
    assert (made.text, made.start) == ("الريحان", text.index("الريحان"))
    assert made.attributes == {"sense": "gov", "norm": "ريحان"}
    gold = corpus.gold_of(corpus.article(annotation.article))
    born = {
        (each.start, each.end, each.label, f"tagger-0_1-{each.id}", *each.attributes.items()) for each in gold.spans
    }
    kept = [each for each in annotation.spans if each.id != made.id]
    assert {(each.start, each.end, each.label, each.id, *each.attributes.items()) for each in kept} == born
    assert [each.label for each in annotation.relations] == ["HAS_CUE", "HAS_SOURCE"]


def test_the_page_reads_from_right_to_left_and_its_bar_stays_and_leaves_room(browser, studio, corpus, door, tmp_path):
    long = ARABIC + "\n" + "\n".join(f"[سطر {number} من المقال الطويل](BODY)" for number in range(60))
    campaign, _, task = begin(corpus, door, tmp_path, long)
    annotator = Annotator(browser, studio)
    annotator.open(campaign.plan.projects["all"], task)

    style = "return getComputedStyle(document.querySelector('.khabar .lsf-htx-richtext')).direction"
    chips = annotator.all(".khabar .bar .lsf-label")
    boxes = browser.execute_script(BOXES)

    assert browser.execute_script(style) == "rtl"
    assert [each.text.split()[0] for each in chips] == list(corpus.labels.labels)
    assert all(each.is_displayed() for each in chips)
    assert boxes["height"] < boxes["window"] / 3
    assert 0 < boxes["bar"] <= boxes["line"]
