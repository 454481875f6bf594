/** Passwords that everybody tries first. The tables were written for Muster after the families that every published
 *  count of leaked passwords shows: words and names, most of them with a few figures behind, walks over the keyboard,
 *  and short things repeated. Some four thousand of eight characters or more come of them. */

const split = (text: string): string[] => text.trim().split(/\s+/)

/** With all the endings below. */
const favourites = split(`
  password passw0rd p@ssword p@ssw0rd pass welcome admin administrator root user guest login letmein master dragon
  monkey qwerty qwertz azerty asdf asdfgh zxcvbn abc abcd abcdef football baseball iloveyou princess sunshine shadow
  michael jordan superman batman hello secret test testing changeme summer winter spring autumn soccer hockey killer
  charlie daniel jessica ashley nicole love money freedom whatever pokemon naruto starwars ninja gamer player minecraft
  player1 samsung google computer internet trustno ranger hunter buster thomas robert george andrew matthew joshua
`)

const endings = split(`
  1 2 3 7 9 0 01 00 10 11 12 13 21 22 23 69 77 88 99 007 101 111 123 321 456 666 777 789 999 1234 4321 12345 123456 1!
  ! !! !@# 123! @123 #1 _1 1990 1995 2000 2010 2015 2018 2019 2020 2021 2022 2023 2024 2025 2026
`)

/** With the few commonest endings. */
const words = split(`
  alexander alexandra amanda america andrea angels animal anthony apples arsenal asshole august babygirl bailey banana
  barbara barcelona beautiful benjamin bigdaddy blessed blink182 brandon brooklyn bubbles butterfly california
  cameron captain carolina caroline catherine champion chelsea cheese cherries chicken chocolate chris christian
  christina christopher cocacola coffee college compaq cookie cooper corvette cowboys creative crystal danielle darkness
  david destiny diamond dolphin donald dolphins eagles einstein elephant elizabeth eminem estrella everton fernando
  ferrari fireball firebird fireman fishing flower forever formula1 frankie friends fuckyou gabriel gateway genesis
  gemini ginger godzilla goldfish goodluck grandma green guitar hamster hannah happiness harley heather hellokitty
  heaven hendrix holiday hotdog icecream infinity ironman isabella jackson jasmine jasper jennifer jeremy jessie john
  jonathan joseph junior justin katherine kimberly kristina ladybug lakers lauren legend leonardo liberty lincoln
  little liverpool london lovely loveyou lucky madison maggie manchester marina marlboro martin mercedes mercury merlin
  metallica mexico midnight miller mnbvcxz monster morgan mother mountain mustang mylove nascar nathan newyork nicholas
  nintendo nothing november october oliver orange packers panther patricia patrick peaches peanut people pepper phoenix
  please popcorn porsche precious preston purple rabbit rachel rainbow raiders rangers rebecca redsox richard
  rockstar rosebud russia samantha sammy samuel scooter scorpion sebastian september sergey silver slipknot smokey
  snoopy snowball snowboard softball someone spartan spider spiderman steelers stephanie steven sterling strawberry
  sweetheart sweety taylor teacher tennis teresa thunder tigger tinkerbell tottenham toyota trinity tristan turtle
  united vanessa victoria viking vincent violet virginia volleyball warrior westside whiteboy william willow winner
  winston wolverine xbox yamaha yankees yellow zachary zaq12wsx
`)

const fewEndings = ['', '1', '2', '12', '123', '1234', '!', '01', '07', '11', '13', '21', '22', '23', '69', '99']

/** As they stand. */
const whole = split(`
  0987654321 11223344 1122334455 112233445566 123123123 1231234 12341234 1234554321 123454321 12345678 123456789
  1234567890 12345678910 123456789a 12345678a 123456a 123456ab 1234abcd 1234qwer 123456qwerty 123qweasd 123qweasdzxc
  123qwe123 147258369 147852369 159357456 159753456 18436572 19841984 19871987 1a2b3c4d 1a2s3d4f 1q2w3e4r 1q2w3e4r5t
  1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qazxsw2 20202020 22446688 31415926 3141592654 55667788 741852963 76543210
  789456123 87654321 88889999 963852741 987654321 9876543210 a1b2c3d4 a1s2d3f4 a12345678 a123456789 aa123456 aa12345678
  aaaa1111 aabbccdd abc12345 abc123456 abc123abc abcd1234 abcdefgh abcdefghi abcdefghij access14 adgjmptw allison1
  asd123asd asdasdasd asdf1234 asdfasdf asdfghjk asdfghjkl asdfjkl; azertyui azertyuiop backspace badminton basketball
  blahblah bullshit cardinal celtic1888 chickens computer1 cricket1 darkside dbz12345 default1 devil666
  doberman doctorwho dontknow drowssap dumbledore enterprise everyone excalibur explorer fantasia fantasy7
  fortnite fuckyou2 gamecube gangster goldberg gollum123 gundam00 halo3odst harrypotter highschool homer123 honeybee
  houston1 idontknow iloveme1 iloveyou2 imissyou internet1 inuyasha jesus123 jesuschrist justdoit justinbieber kingkong
  kingston kittycat leagueoflegends letmein22 letmeinnow link1234 logitech lol12345 loveless loverboy lovelove
  mariobros matrix01 megaman1 microsoft minecraft1 mischief mobile12 motocross motorola mypassword myspace1
  newpassword nirvana1 nopassword novifarm number01 onelove1 overlord overwatch passpass password0 passwort passwords
  pa55word pa55w0rd pasword1 passwort1 pazzword penguin1 personal photoshop pikachu1 pineapple pingpong platinum
  playstation pleasure poohbear portugal punkrock q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 qazqazqaz qazwsx123 qazwsxedc
  qazwsxedcrfv qpwoeiruty qq123456 qwe123qwe qwe12345 qweasdzxc qweqweqwe qwer1234 qwerasdf qwert123 qwert12345
  qwertyui qwertyuiop qwertyuiop123 qwertzui qwertzuiop question realmadrid redalert roblox12 roblox123 rockandroll
  runescape rush2112 scarface schalke04 semperfi skateboard skittles skyline1 smoking1 snickers sonic123
  spongebob srinivas stargate startrek steelers1 stewart1 student1 superstar superuser sweetpea swordfish system32
  telephone template temppass tequiero terminal test1234 testtest thebeast thegame1 thegreat therock1 thisisit
  thuglife timberland titanic1 tomandjerry tooltime topsecret treasure trustno1 trustnoone undertaker universe unknown1
  valentine vfhbyf123 videogame w1w2w3w4 warcraft warhammer watermelon webmaster welcome01 westham1 wildcats wordpass
  worldofwarcraft wrestling wwe12345 xbox360live youtube1 yourmom1 z1x2c3v4 zaq12wsx zaq1xsw2 zeppelin zinedine zxc12345
  zxcasdqwe zxcvbnm1 zxcvbnm123 zxcvbnm, zzzz1111
`)

const lengthMin = 8

const common: ReadonlySet<string> = new Set(
  [
    ...whole,
    ...favourites.flatMap((word) => ['', ...endings].map((ending) => word + ending)),
    ...words.flatMap((word) => fewEndings.map((ending) => word + ending)),
  ].filter((password) => password.length >= lengthMin),
)

export const commonPasswordsCount: number = common.size

/** Rows of keys, and the alphabet, walked forwards or backwards. */
const walks = ['01234567890', 'abcdefghijklmnopqrstuvwxyz', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm', 'qwertzuiop'].flatMap(
  (row) => [row, [...row].reverse().join('')],
)

/** One to four characters, over and over: `aaaaaaaa`, `abcabcabc`. */
function isRepetition(text: string): boolean {
  for (let span = 1; span <= 4 && span < text.length; span++) {
    if (
      text ===
      text
        .slice(0, span)
        .repeat(Math.ceil(text.length / span))
        .slice(0, text.length)
    )
      return true
  }
  return false
}

/** Whether it is among what everybody tries first, in whatever case. */
export function isCommonPassword(password: string): boolean {
  const text = password.toLowerCase()
  return common.has(text) || isRepetition(text) || walks.some((walk) => walk.includes(text))
}
