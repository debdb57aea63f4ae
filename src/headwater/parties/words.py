"""The small words around names: titles, particles, legal forms. Data for ``rules``, folded to lower case."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NAME_TITLES = _words("""
    mr mrs ms miss mx dr drs prof professor doctor sir dame rev herr frau fräulein fraulein hr fr med jur rer hc
    dipl dipl-ing dipling ing ir mag mw dhr mevr mevrouw meneer sr sra srta señor señora senor senora dra
    mme mlle monsieur madame sig sigra signor signora dott dottssa
""")
DOCTORS_OF = _words("nat. phil. pol. oec. med. jur. rer. h.c. habil. theol.")  # after another title
NAME_SUFFIXES = _words("jr sr junior senior ii iii iv phd md mba msc bsc esq cpa llm filho neto")
NAME_PARTICLES = _words("""
    van von der den de del della di da dos das do du des la le les lo las los ten ter te zu zum zur vom vander
    vd bin binti ibn al el af av op in het auf
""")
LEGAL_FORMS = _words("""
    ab abp ag aps as asa bhd bt bv bvba cc co company corp corporation cv cvba dac doo dba ead eeig eg eig ek
    eirl eireli eood epp ev gbr gesmbh ges gie gmbh ggmbh inc incorporated jsc kft kg kgaa kk llc lllp llp
    lp lt ltd ltda limited limitada mbh nv oao ohg oo ood ooo oy oyj pao pc pjsc plc pllc pt pte pty pvt
    private rl rt sa sab sapi sarl sas sasu saa sca scarl scs se sl slu sll sp spa spol spzoo sro srl srls
    snc sociedadanonima ua ug ulc vof zao zoo zrt haftungsbeschrankt
""")
COMPANY_LINKS = _words("and und et og och")

UNFOLDED_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ı": "i"}
)
