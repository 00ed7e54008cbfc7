"""Words that are so frequent in a language that they say little about a text: articles, pronouns, auxiliaries."""

from __future__ import annotations

from typing import Final

_LISTS: Final = {
    "da": """af alle at blev bliver da de dem den denne der deres det dette dig din disse du efter eller en end er et
        for fra ham han hans har havde hende hendes her hun hvad hvis hvor i ikke ind jeg jer kan kunne man med men mig
        min mit mod når og også om op os over på sig sin skal skulle som til ud under var ved vi vil ville vor være""",
    "de": """aber als am an auch auf aus bei bin bis bist da dann das dass daß dein deine dem den denn der des dich die
        dies diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines er es euch euer
        für gegen hab habe haben hat hatte hatten hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ins
        ist kann kein keine keinen mein meine mich mir mit nach nicht noch nun nur ob oder ohne sehr sein seine seinen
        seiner sich sie sind so über um und uns unser unter vom von vor war waren was weil wenn wer werden wie wieder
        wir wird wo zu zum zur""",
    "en": """a an and are as at be but by for if in into is it no not of on or such that the their then there these
        they this to was will with""",
    "es": """a al ante aunque como con contra cual cuando de del desde donde durante e el ella ellas ellos en entre era
        es esa ese eso esta está estaba estas este esto estos fue ha hasta hay la las le les lo los más me mi mis muy
        ni no nos nosotros o os para pero por porque que qué quien se sea ser si sí sin sobre son su sus también te
        tiene tu tus un una uno unos y ya yo""",
    "fi": """ei eivät emme en et ette että he heidän hän hänen häntä ja jo joka jonka jos jotka jotta kanssa kuin kun
        me meidän mikä minun minä missä mitä mukaan mutta myös ne niiden niin nyt näin nämä olemme olen olet olette oli
        olivat olla ollut on ovat se sekä sen siinä sillä sinun sinä sitä tai te teidän tuo tämä tämän tässä tätä vaan
        vai vain""",
    "fr": """à ai au aussi aux avec c ce ceci cela ces cet cette comme d dans de des donc du elle elles en es est et
        étaient était été être eu eux il ils j je l la le les leur leurs lui m ma mais me mes mon n ne ni nos notre nous
        on ont ou où par pas plus pour qu que qui s sa sans se ses si son sont sous sur t ta te tes toi ton tu un une
        vos votre vous y""",
    "hu": """a abban ahogy akkor ami amely az azt be csak de e egy el én és ez ezek ezen ezt fel ha hanem hogy ide igen
        így is itt ki le lehet lesz lett maga már más meg még mert mi mint minden mit most nagyon ne nem ő ők olyan ott
        össze pedig s sem sok szerint te tehát úgy után vagy vagyok van vannak volt voltak""",
    "it": """a ad agli ai al alla alle allo anche che chi ci come con contro cui da dagli dai dal dalla dalle dei degli
        del dell della delle dello di dove e è ed era gli ha hanno ho i il in io la le lei lo loro lui ma mi mia mio ne
        negli nei nel nella nelle nello noi non nostro o per perché più quale quando quella quello questa questo se sei
        si sia sono su sua sue sui sul sulla sulle suo suoi ti tra tu tua tuo un una uno vi voi""",
    "nl": """aan al als bij dan dat de der deze die dit door een en er ge geen had heb hebben heeft hem het hier hij hoe
        hun ik in is ja je kan maar me meer men met mij mijn na naar niet nog nu of om omdat ons ook op over te tegen
        toch toen tot u uit uw van veel voor want waren was wat we wel werd wie wij wordt zal ze zich zij zijn zo zonder
        zou""",
    "no": """alle at av bare ble både da de deg dem den denne der dere deres det dette din disse du eller en enn er et
        etter for fra før ha hadde han hans har henne hennes her hun hva hvis hvor i ikke inn jeg kan kunne man med meg
        men mer min mot ned noe noen nå når og også om opp oss over på seg sin sitt skal skulle som så til ut var ved vi
        vil ville vår være""",
    "pt": """a à ao aos as às até com como da das de dela dele do dos e é ela elas ele eles em entre era essa esse esta
        está este eu foi foram há isso isto já lhe mais mas me mesmo meu minha muito na não nas nem no nos nós o os ou
        para pela pelas pelo pelos por qual quando que quem são se sem ser seu seus só sua suas também te tem têm tu um
        uma você vocês vos""",
    "ru": """а без более бы был была были было быть в вам вас вдруг весь во вот все всего всех вы где да даже для до
        его ее её если есть еще ещё же за здесь и из или им их к как ко когда кто ли лишь меня мне может мой мы на над
        надо наш не него нее нет ни них но ну о об однако он она они оно от очень по под при с сам свою себе себя со
        так также такой там те тем то того тоже той только том ты у уже хотя чего чем что чтобы чье эта эти это этого
        этой этом этот я""",
    "sv": """alla att av blev bli blir de dem den denna deras dess det detta dig din dina ditt du där då efter ej eller
        en er ett från för ha hade han hans har henne hennes hon honom hur här i icke in inte jag kan kunde man med
        mellan men mig min mina mitt mot mycket ni nu när någon något några och om oss på samma sedan sig sin sina sitt
        själv ska skall skulle som så till under upp ut utan vad var vara varför vem vi vid vår våra än är över""",
}

STOP_WORDS: Final = {language: frozenset(words.split()) for language, words in _LISTS.items()}
"""Language code -> its stop words in lower case. Other languages have no list here."""

_ASKING: Final = """a about above after again against all am an and any are as at be because been before being below
    between both but by can cannot could did do does doing down during each few for from further had has have having he
    her here hers him his how i if in into is it its itself just may me more most must my no nor not now of off on once
    only or other our out over own same she should so some such than that the their them then there these they this
    those through to too under until up very was we were what when where which while who whom why will with would you
    your"""
ASKING_WORDS: Final = frozenset(_ASKING.split())
"""English words of which questions are made, whatever they are about."""
