"""Words by which columns of personal data are known: titles, and frequent names of people."""

from fukami.core.language import N_

NAME, ADDRESS = N_("names of people"), N_("addresses")
TELEPHONE, MAIL, NUMBER = N_("telephone numbers"), N_("e-mail addresses"), N_("numbers of people or their accounts")


def _listed(words: str) -> frozenset[str]:
    return frozenset(word.strip() for word in words.split(","))


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SURE = {
    NAME: """
        full name, fullname, first name, firstname, given name, last name, lastname, surname, family name, maiden name,
        middle name, customer name, client name, patient name, employee name, student name, teacher name, contact name,
        contact person, person name, user name, member name, passenger name, buyer name, seller name, owner name,
        author name, applicant, applicant name, name of customer, vorname, nachname, familienname, kundenname,
        ansprechpartner, prenom, prénom, nom de famille, nom complet, 氏名, 姓名, お名前, 御名前, 氏名カナ, カナ氏名,
        フリガナ, ふりがな, 氏名フリガナ, 顧客名, お客様名, 患者名, 患者氏名, 社員名, 社員氏名, 従業員名, 会員名,
        会員氏名, 担当者名, 申込者, 申込者名, 契約者, 契約者名, 生徒名, 学生名, 利用者名, 宛名, 受取人, 受取人名,
        お届け先名, 世帯主, 苗字, 名字, 姓
    """,
    ADDRESS: """
        street, street address, home address, billing address, shipping address, delivery address, mailing address,
        postal address, address line, address1, address2, address 1, address 2, address line 1, address line 2, 住所,
        現住所, 住所1, 住所2, 自宅住所, 送付先, 送付先住所, 配送先, 配送先住所, お届け先, お届け先住所, 請求先住所,
        番地, 町名番地, 丁目番地, 居住地住所, straße, strasse, anschrift, adresse, rue
    """,
    NUMBER: """
        customer id, customer number, customer no, customer code, client id, client number, client no, member id,
        member number, member no, membership id, membership number, account id, account number, account no,
        policy number, policy no, patient id, patient number, patient no, employee id, employee number, employee no,
        student id, student number, person id, user id, user number, passport, passport number, passport no, ssn,
        social security number, social security no, national id, tax id, iban, card number, credit card,
        credit card number, driver license, license number, 顧客番号, 顧客id, 顧客コード, お客様番号, 会員番号, 会員id,
        会員コード, 患者番号, 患者id, 社員番号, 社員id, 従業員番号, 学籍番号, 生徒番号, 口座番号, マイナンバー,
        個人番号, カード番号, クレジットカード番号, 免許証番号, 保険証番号, 被保険者番号, 証券番号, 契約者番号,
        旅券番号, 利用者id, ユーザーid, kundennummer, kundennr, mitgliedsnummer, kontonummer, numéro client,
        numero client
    """,
}
_VAGUE = {
    NAME: """
        name, customer, client, person, patient, employee, student, member, passenger, contact, user, owner, buyer,
        kunde, nom, 名前, 名, 顧客, 患者, 社員, 担当, 担当者, 会員, 利用者
    """,
    ADDRESS: """
        address, addr, home, location, 所在地, 居所, 送り先
    """,
    TELEPHONE: """
        phone, phone number, phone no, telephone, telephone number, tel, tel no, mobile, mobile number, mobile phone,
        cell, cell phone, cellphone, fax, fax number, contact, contact number, 電話, 電話番号, tel番号, 携帯, 携帯電話,
        携帯番号, 携帯電話番号, 連絡先, 自宅電話, 自宅電話番号, fax番号, telefon, telefonnummer, handy, handynummer,
        téléphone, numéro de téléphone, portable
    """,
}
SURE = {kind: _listed(words) for kind, words in _SURE.items()}
"""Titles that say what a column holds, as `personal.title_of` writes them."""
VAGUE = {kind: _listed(words) for kind, words in _VAGUE.items()}
"""Titles that say so where the cells could be it."""
SURNAMES = _words(
    """
    佐藤 鈴木 高橋 田中 伊藤 渡辺 渡邊 渡邉 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 斎藤 斉藤 齋藤
    齊藤 林 清水 山崎 森 池田 橋本 阿部 石川 山下 中島 石井 小川 前田 岡田 長谷川 藤田 後藤 近藤 村上 遠藤 青木 坂本
    福田 太田 西村 藤井 金子 岡本 藤原 中野 三浦 原田 中川 松田 竹内 小野 田村 中山 和田 石田 森田 上田 原 内田 柴田
    酒井 宮崎 横山 高木 安藤 宮本 大野 小島 谷口 今井 工藤 高田 増田 丸山 杉山 村田 大塚 新井 小山 平野 藤本 河野 上野
    野口 武田 松井 千葉 菅原 岩崎 久保 木下 佐野 野村 松尾 市川 菊地 杉本 古川 大西 島田 水野 桜井 高野 吉川 山内 西田
    飯田 菊池 西川 小松 北村 安田 五十嵐 川口 平田 関 中田 久保田 東 服部 川崎 岩田 土屋 福島 本田 辻 樋口 田口 永井
    秋山 中西 山中 吉村 川上 サトウ スズキ タカハシ タナカ イトウ ワタナベ ヤマモト ナカムラ コバヤシ カトウ ヨシダ
    ヤマダ ササキ ヤマグチ マツモト イノウエ キムラ シミズ ヤマザキ アベ イケダ ハシモト イシカワ ヤマシタ 石原 大橋
    松岡 馬場 浜田 森本 星野 矢野 浅野 大久保 松下 吉岡 荒木 黒田 小池 野田 須藤 堀 広瀬 大谷
    """
)
"""Frequent Japanese surnames, in kanji and some in katakana."""
FIRST_NAMES = _words(
    """
    aaron abigail adam ahmed akiko akira alain alexander ali alice amanda amy ana andrea andreas andrew angela anja ann
    anna anthony aoi arthur ashley barbara ben benjamin betty billy birgit brandon brenda brian bryan camille carl
    carlos carmen carol carolyn charles cheryl chloé christian christina christine christopher claire cynthia daniel
    david deborah debra dennis diane dieter donald donna dorothy douglas dylan edward elias elizabeth emily emma eric
    ethan evelyn fatima felix finn frances frank françois gary george gerald grace gregory hanako hannah hans harold
    haruto heather heike helen henry hina hiroshi hugo ichiro isabelle ivan jack jacob jacqueline jacques james janet
    janice jason jean jeffrey jennifer jeremy jerry jesse jessica jiro joan johanna john jonas jonathan jordan jose
    joseph joshua joyce juan judith judy julia julie justin jürgen karen katherine kathleen kathryn katja kazuko keiko
    keith kelly kenji kenneth kevin kimberly klaus kyle larry laura lauren lawrence lea lena leo leon li linda lisa
    louis luca lucas luis léa madison manfred manon margaret maria marie mark martha mary matthew max megan melissa mia
    michael michel michelle mohammed monika moritz muhammad nancy naoko nathalie nathan nicholas nicolas nicole noah
    olga oliver olivia omar pamela patricia patrick paul pedro peter petra philippe pierre rachel raymond rebecca ren
    renate richard robert roger ronald ryan sabine saburo sakura samantha samuel sandra sara sarah scott sean sharon
    shirley sophia sophie sota stefan stephanie stephen steven susan sylvie takashi taro teresa terry thomas timothy
    tomoko tyler ursula uwe victoria walter wei william wolfgang yoko yui yuki yumi yuto zachary
    """
)
"""Frequent given names in Latin letters."""
